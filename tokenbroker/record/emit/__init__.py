"""What is written of a draft: the flow itself, and a Playwright Test file."""
