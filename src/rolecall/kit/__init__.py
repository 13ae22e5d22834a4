"""Small tools that know no product word: clock, ids, errors, paging, redaction."""
