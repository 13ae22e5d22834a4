"""What is wrong, remembered with its age, and the draft that would mend it."""
