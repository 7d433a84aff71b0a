"""What every room needs: settings, the secret, errors, the schema of a call."""
