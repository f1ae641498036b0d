"""Case dates, surveys, calls and reports → measures with their samples, reviews due, amounts recomputed, hotspots."""
