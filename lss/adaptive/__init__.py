"""Where to start the next MD, and the loop that runs it: adaptive sampling."""
