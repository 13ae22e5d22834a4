"""Operators and what they sign in with: password hash, second factor, recovery codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    RowMapping,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from rolecall.domain.operator import Operator
from rolecall.store.encoding import from_json, to_json
from rolecall.store.errors import AlreadyThere, NotThere
from rolecall.store.rows import Repository
from rolecall.store.schema import Document, metadata, text

OPERATORS = Table(
    "operators",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email_key", Text, nullable=False, unique=True),
    Column("local_user", Text, unique=True),
    Column("oidc_key", Text, unique=True),  # issuer and subject
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", Text),
    # The last TOTP step accepted: the same code is never taken twice.
    Column("totp_step", BigInteger, nullable=False, default=0),
    Column("recovery", Document, nullable=False),
    text("body"),
)


@dataclass(frozen=True, slots=True)
class Lock:
    """What proves an operator: hashes only; the TOTP secret lies encrypted among the secrets."""

    password_hash: str | None
    totp_step: int
    recovery: tuple[str, ...]  # SHA-256 of each unused recovery code


class Operators(Repository):
    """Operators by id, e-mail (case-folded), local user or identity at the provider."""

    async def add(self, operator: Operator) -> None:
        """Make an operator; AlreadyThere when somebody has the e-mail, link or identity."""
        row = {**_row(operator), "password_hash": None, "totp_step": 0, "recovery": []}
        try:
            async with self.connection.begin_nested():
                await self.connection.execute(insert(OPERATORS).values(**row))
        except IntegrityError as error:
            raise AlreadyThere(f"There is an operator {operator.email} already") from error

    async def change(self, operator: Operator) -> None:
        """Replace what is known; NotThere for an unknown id, AlreadyThere for another's e-mail."""
        statement = update(OPERATORS).where(OPERATORS.c.id == operator.id).values(**_row(operator))
        try:
            async with self.connection.begin_nested():
                touched = await self.touched(statement)
        except IntegrityError as error:
            taken = operator.local_user or operator.oidc_subject or operator.email
            raise AlreadyThere(f"{taken} belongs to another operator") from error
        if not touched:
            raise NotThere(f"There is no operator {operator.id}")

    async def get(self, operator_id: str) -> Operator | None:
        """The operator with this id."""
        return await self._one("id", operator_id)

    async def by_email(self, email: str) -> Operator | None:
        """The operator with this e-mail, in any case."""
        return await self._one("email_key", email.casefold())

    async def by_local_user(self, unix_user: str) -> Operator | None:
        """The operator this UNIX user is linked to."""
        return await self._one("local_user", unix_user)

    async def by_identity(self, issuer: str, subject: str) -> Operator | None:
        """The operator with this identity at the provider."""
        return await self._one("oidc_key", _oidc_key(issuer, subject))

    async def all(self) -> tuple[Operator, ...]:
        """Every operator, by e-mail."""
        rows = await self.rows(select(OPERATORS).order_by(OPERATORS.c.email_key))
        return tuple(_operator(row) for row in rows)

    async def count(self) -> int:
        """How many there are, disabled ones included."""
        return int(await self.value(select(func.count()).select_from(OPERATORS)))

    async def lock_of(self, operator_id: str) -> Lock:
        """What proves this operator; NotThere for an unknown id."""
        columns = (OPERATORS.c.password_hash, OPERATORS.c.totp_step, OPERATORS.c.recovery)
        row = await self.one(select(*columns).where(OPERATORS.c.id == operator_id))
        if row is None:
            raise NotThere(f"There is no operator {operator_id}")
        return Lock(row["password_hash"], row["totp_step"], tuple(row["recovery"]))

    async def set_password(self, operator_id: str, password_hash: str | None) -> None:
        """Keep a password's hash, or forget it."""
        await self._set(operator_id, {"password_hash": password_hash})

    async def set_recovery(self, operator_id: str, hashes: tuple[str, ...]) -> None:
        """Replace the recovery codes, and begin the second factor anew."""
        await self._set(operator_id, {"recovery": list(hashes), "totp_step": 0})

    async def take_step(self, operator_id: str, step: int) -> bool:
        """Use up a TOTP step; False when it, or a later one, was used before."""
        statement = (
            update(OPERATORS)
            .where(OPERATORS.c.id == operator_id, OPERATORS.c.totp_step < step)
            .values(totp_step=step)
        )
        return await self.touched(statement) == 1

    async def take_recovery(self, operator_id: str, code_hash: str) -> bool:
        """Use up a recovery code; False when there is no such code left."""
        held = select(OPERATORS.c.recovery).where(OPERATORS.c.id == operator_id)
        row = await self.one(held.with_for_update())
        codes = list(row["recovery"]) if row else []
        if code_hash not in codes:
            return False
        codes.remove(code_hash)
        await self._set(operator_id, {"recovery": codes})
        return True

    async def _one(self, column: str, value: str | None) -> Operator | None:
        if not value:
            return None
        row = await self.one(select(OPERATORS).where(OPERATORS.c[column] == value))
        return _operator(row) if row else None

    async def _set(self, operator_id: str, values: Mapping[str, Any]) -> None:
        await self.connection.execute(
            update(OPERATORS).where(OPERATORS.c.id == operator_id).values(**values)
        )


def _oidc_key(issuer: str, subject: str) -> str | None:
    return f"{issuer} {subject}" if subject else None


def _row(operator: Operator) -> dict[str, object]:
    return {
        "id": operator.id,
        "email_key": operator.email.casefold(),
        "local_user": operator.local_user or None,
        "oidc_key": _oidc_key(operator.oidc_issuer, operator.oidc_subject),
        "disabled": operator.disabled,
        "body": to_json(operator),
    }


def _operator(row: RowMapping) -> Operator:
    operator = from_json(row["body"], Operator)
    return replace(operator, has_password=row["password_hash"] is not None)
