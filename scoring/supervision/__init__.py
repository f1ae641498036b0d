"""The supervision around the score: what the bureau checks, writes and follows up; it feeds the tables of the score."""
