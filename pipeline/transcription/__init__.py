"""What the machine hears in a recording: words, times, speakers, and what it may have got wrong."""
