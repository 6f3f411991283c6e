"""What a person makes of the draft: the transcript and its corrections."""
