# Untried: written without a container engine at hand. See docs/deployment.md.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/uv.txt requirements/all.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv venv /opt/rolecall \
 && VIRTUAL_ENV=/opt/rolecall uv pip sync --require-hashes --compile-bytecode requirements/all.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN VIRTUAL_ENV=/opt/rolecall uv pip install --no-deps --compile-bytecode .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 rolecall && install -d -o rolecall -g rolecall /var/lib/rolecall
COPY --from=build /opt/rolecall /opt/rolecall
ENV PATH=/opt/rolecall/bin:$PATH ROLECALL_HOME=/var/lib/rolecall
USER rolecall
VOLUME /var/lib/rolecall
EXPOSE 8000
CMD ["rolecall", "serve", "--host", "0.0.0.0", "--port", "8000"]
