"""Transcripts made elsewhere: WebVTT, SubRip, plain text and Word, read with their speaker tags and times."""
