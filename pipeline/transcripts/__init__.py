"""What a person makes of the draft: the transcript and its corrections.

The draft never changes. Over it lie corrections, each sealed, attributed and numbered (`corrections.py` says what there is and
`stand` lays them over); the version of a transcript is the number of its newest correction. What a person can do:

    reviewing.read(home, actor, "C-001")                 Reading: turns as they stand, versions, checks, notes, who heard what
    reviewing.history(home, actor, "C-001", turn)        every step of a turn, and how it differs from the machine's words
    reviewing.open_doubts / resolve / acknowledge_damage

    editing.rewrite(home, actor, "C-001", turn, text, base=version, typing=True)
    editing.assign(home, actor, "C-001", {3: Speaker.PARTICIPANT}, base=version)
    editing.swap(home, actor, "C-001", {7: Speaker.INTERVIEWER})
    editing.split(home, actor, "C-001", turn, at, speaker=..., base=version)     at: characters of the turn's text
    editing.merge(home, actor, "C-001", turn, base=version)                      with the turn that follows
    editing.find(home, actor, "C-001", "sought")         Preview: hits with the words around them, and the version
    editing.replace(home, actor, "C-001", preview.hits, "other", base=preview.version)
    editing.check(home, actor, "C-001", [3, 4], base=version)                    right as they stand
    editing.note(home, actor, "C-001", turn, text, of=note)
    editing.undo / redo(home, actor, "C-001")            one's own, without limit, also after a restart

    reviewing.played(home, actor, "C-001", [Span(...)])  what the page played to a person; the union counts
    reviewing.hear(home, actor, "C-001", [3])            says that one listened elsewhere
    reviewing.waive(home, actor, "C-001", [3], reason)

Each function of `editing` is one step to undo and gives `Saved`: the transcript after it and the turns it was about. Where a
turn is newer than `base`, `Stale` is raised, whose `standing` is the turn as it is now; nothing was written. Saves with
`typing=True` whose `base` is the version the last one gave go on with it and stay one step.

A turn keeps its number: the second half of a cut turn gets a new one. Order is that of `Reading.turns`.
"""
