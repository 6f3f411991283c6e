"""Every address, and who may go there. What is not in this table does not exist."""

from collections.abc import Sequence
from typing import Final

from access.roles import Act
from web import overview, signing_in
from web.gate import SIGNED_IN, STRANGERS, Entry, get, may, post
from web.pages import (
    account,
    agreement,
    audit,
    audit_elsewhere,
    candidates,
    certificates,
    conversation,
    elsewhere,
    export,
    extending,
    extract,
    extracts,
    holds,
    matrix,
    participants,
    password,
    playback,
    recordings,
    retention,
    reviews,
    signing,
    transcript,
    transcript_edits,
    transcript_keys,
    upload,
    withdrawal,
)

# Everybody who takes part in the work on conversations; an auditor does not.
WORKING: Final = may(*overview.WORKING)
REVIEWING: Final = may(*overview.WORKING, Act.READ_REGISTER)
HOLDING: Final = may(Act.PLACE_HOLD, Act.LIFT_HOLD)
EXTRACT: Final = "/reviews/{review}/extracts/{conversation}/{number}"
UPLOAD: Final = "/conversations/{conversation}/upload/{upload}"

ROUTES: Final[Sequence[Entry]] = (
    # signing in
    get("/sign-in", signing_in.form, STRANGERS),
    post("/sign-in", signing_in.sign_in, STRANGERS),
    get("/sign-in/link", signing_in.link, STRANGERS),
    post("/sign-in/link", signing_in.sign_in_by_link, STRANGERS),
    post("/sign-out", signing_in.sign_out, SIGNED_IN),
    get("/session", signing_in.left, SIGNED_IN, quiet=True),
    post("/session/stay", signing_in.stay, SIGNED_IN),
    get("/account", account.page, SIGNED_IN),
    post("/account/sessions/{session}/end", account.end, SIGNED_IN),
    get("/account/password", password.form, SIGNED_IN),
    post("/account/password", password.change, SIGNED_IN),
    # conversations
    get("/", elsewhere.first_page, SIGNED_IN),
    get("/conversations", recordings.page, WORKING, menu="Conversations"),
    get("/conversations/progress", recordings.progress, WORKING, quiet=True),
    get("/conversations/{conversation}", conversation.page, WORKING, menu="Overview"),
    get("/conversations/{conversation}/recipient", participants.recipient, may(Act.PLAN_CONVERSATION)),
    # reviews
    get("/reviews", reviews.index, REVIEWING, menu="Reviews"),
    post("/reviews", reviews.create, may(Act.CREATE_REVIEW)),
    get("/reviews/{review}", reviews.page, REVIEWING, menu="Overview"),
    post("/reviews/{review}/close", reviews.close, may(Act.CREATE_REVIEW)),
    get("/reviews/{review}/participants", participants.page, may(Act.PLAN_CONVERSATION), menu="Participants"),
    post("/reviews/{review}/participants", participants.add, may(Act.PLAN_CONVERSATION)),
    post("/reviews/{review}/participants/change", participants.change, may(Act.PLAN_CONVERSATION)),
    post("/reviews/{review}/participants/remove", participants.remove, may(Act.PLAN_CONVERSATION)),
    post("/reviews/{review}/conversations", participants.plan, may(Act.PLAN_CONVERSATION)),
    # its recording on the way in
    get("/conversations/{conversation}/upload", upload.page, may(Act.UPLOAD)),
    post("/conversations/{conversation}/upload", upload.begin, may(Act.UPLOAD)),
    Entry(method="HEAD", path=UPLOAD, page=upload.state, gate=may(Act.UPLOAD), quiet=True),
    Entry(method="PATCH", path=UPLOAD, page=upload.part, gate=may(Act.UPLOAD)),
    Entry(method="DELETE", path=UPLOAD, page=upload.give_up, gate=may(Act.UPLOAD)),
    # the transcript of one
    get("/conversations/{conversation}/transcript", transcript.page, may(Act.READ_TRANSCRIPT), menu="Transcript"),
    get("/conversations/{conversation}/transcript/since", transcript.since, may(Act.READ_TRANSCRIPT), quiet=True),
    get("/conversations/{conversation}/transcript/history/{turn}", transcript.history, may(Act.READ_TRANSCRIPT)),
    get("/conversations/{conversation}/transcript/lookalikes", transcript.lookalikes, may(Act.DECIDE_NAMES)),
    post("/conversations/{conversation}/transcript/find", transcript_edits.find, may(Act.READ_TRANSCRIPT)),
    post("/conversations/{conversation}/transcript/text", transcript_edits.text, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/speaker", transcript_edits.speaker, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/swap", transcript_edits.swap, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/split", transcript_edits.split, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/merge", transcript_edits.merge, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/replace", transcript_edits.replace, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/check", transcript_edits.check, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/note", transcript_edits.note, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/undo", transcript_edits.undo, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/redo", transcript_edits.redo, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/heard", transcript_edits.played, may(Act.LISTEN)),
    post("/conversations/{conversation}/transcript/waive", transcript_edits.waive, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/doubts", transcript_edits.resolve, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/damage", transcript_edits.damage, may(Act.CORRECT)),
    post("/conversations/{conversation}/transcript/lease", transcript_edits.lease, may(Act.CORRECT)),
    get("/review-keys", transcript_keys.keys, may(Act.READ_TRANSCRIPT), quiet=True),
    post("/review-keys", transcript_keys.keep, may(Act.READ_TRANSCRIPT)),
    get("/conversations/{conversation}/playback", playback.sound, may(Act.LISTEN)),
    get("/conversations/{conversation}/waveform", playback.waveform, may(Act.LISTEN)),
    # names
    get("/conversations/{conversation}/names", candidates.page, may(Act.DECIDE_NAMES), menu="Names"),
    post("/conversations/{conversation}/names", candidates.decide, may(Act.DECIDE_NAMES)),
    post("/conversations/{conversation}/names/again", candidates.again, may(Act.DECIDE_NAMES)),
    # what was coded
    get("/reviews/{review}/extracts", extracts.page, may(Act.CODE), menu="Extracts"),
    post("/reviews/{review}/extracts", extracts.page, may(Act.CODE)),
    get(EXTRACT, extract.page, may(Act.CODE)),
    post(f"{EXTRACT}/change", extract.change, may(Act.CODE)),
    post(f"{EXTRACT}/remove", extract.remove, may(Act.CODE)),
    post(f"{EXTRACT}/restore", extract.restore, may(Act.CODE)),
    # what its extracts say together
    get("/reviews/{review}/matrix", matrix.page, may(Act.CODE), menu="Matrix"),
    get("/reviews/{review}/agreement", agreement.page, may(Act.CODE), menu="Two coders"),
    # what leaves
    get("/conversations/{conversation}/export", export.of_conversation, may(Act.EXPORT), menu="Export"),
    post("/conversations/{conversation}/export", export.take_conversation, may(Act.EXPORT)),
    get("/reviews/{review}/export", export.of_review, may(Act.EXPORT), menu="Export"),
    post("/reviews/{review}/export", export.take_review, may(Act.EXPORT)),
    # its end
    get("/conversations/{conversation}/sign-off", signing.page, may(Act.SIGN_OFF), menu="Sign off"),
    get("/conversations/{conversation}/sign-off/confirm", signing.interruption, may(Act.SIGN_OFF)),
    post("/conversations/{conversation}/sign-off", signing.sign, may(Act.SIGN_OFF)),
    post("/conversations/{conversation}/sign-off/take-back", signing.take_back, may(Act.SIGN_OFF)),
    get("/reviews/{review}/holds", holds.page, HOLDING, menu="Holds"),
    post("/reviews/{review}/holds", holds.place, may(Act.PLACE_HOLD)),
    get("/reviews/{review}/holds/{hold}", holds.lift_page, may(Act.LIFT_HOLD)),
    post("/reviews/{review}/holds/{hold}", holds.lift, may(Act.LIFT_HOLD)),
    get("/conversations/{conversation}/withdrawal", withdrawal.page, may(Act.WITHDRAW, Act.REFUSE_WITHDRAWAL)),
    post("/conversations/{conversation}/withdrawal", withdrawal.withdraw, may(Act.WITHDRAW)),
    post("/conversations/{conversation}/withdrawal/refuse", withdrawal.refuse, may(Act.REFUSE_WITHDRAWAL)),
    get("/conversations/{conversation}/extend", extending.page, may(Act.EXTEND_RETENTION)),
    post("/conversations/{conversation}/extend", extending.extend, may(Act.EXTEND_RETENTION)),
    get("/retention", retention.page, may(Act.APPROVE_ORDER, Act.RUN_RETENTION), menu="Destruction"),
    get("/retention/orders/{order}", retention.order_page, may(Act.APPROVE_ORDER)),
    post("/retention/orders/{order}", retention.approve, may(Act.APPROVE_ORDER)),
    # auditing
    get("/audit", audit.log, may(Act.READ_LOG), menu="Audit"),
    get("/audit/entries/{entry}", audit.entry, may(Act.READ_LOG)),
    get("/audit/entries/{entry}/proof", audit.proof, may(Act.READ_LOG)),
    get("/audit/verify", audit.verify, may(Act.READ_LOG)),
    get("/audit/leaves", audit.leaves, may(Act.READ_LOG)),
    get("/audit/bundle", audit.bundle, may(Act.READ_LOG)),
    get("/audit/checkpoint", audit.checkpoint, may(Act.READ_LOG)),
    get("/audit/verifier", audit.verifier, may(Act.READ_LOG)),
    get("/audit/elsewhere", audit_elsewhere.page, may(Act.READ_LOG)),
    get("/audit/request", audit_elsewhere.request, may(Act.READ_LOG)),
    post("/audit/witness", audit_elsewhere.witness, may(Act.VERIFY)),
    get("/audit/certificates", certificates.page, may(Act.READ_LOG)),
    get("/audit/certificates/{conversation}/{order:int}.txt", certificates.text, may(Act.READ_LOG)),
    get("/audit/certificates/{conversation}/{order:int}.json", certificates.data, may(Act.READ_LOG)),
    get("/audit/certificates/{conversation}/{order:int}", certificates.one, may(Act.READ_LOG)),
    # nothing else
    get("/{rest:path}", elsewhere.nothing, SIGNED_IN),
)
