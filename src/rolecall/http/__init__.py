"""What every HTTP face shares: request ids, body limits, problem details, CSRF, content policy."""
