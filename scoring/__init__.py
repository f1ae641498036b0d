"""From workbooks of findings to scores, reports and their proof."""
