"""The supervision around the score: what the bureau checks, counts and follows beside the ledgers that are scored."""
