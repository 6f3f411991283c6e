BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE approval (
	order_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	signature BLOB NOT NULL, 
	public_key BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_approval PRIMARY KEY (id), 
	CONSTRAINT fk_approval_order_id_destruction_order FOREIGN KEY(order_id) REFERENCES destruction_order (id), 
	CONSTRAINT fk_approval_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_approval_order_id UNIQUE (order_id, person_id)
);
INSERT INTO "approval" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE arrival (
	conversation_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	blob VARCHAR(80) NOT NULL, 
	size BIGINT, 
	sealed_before BOOLEAN, 
	begun_at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_arrival PRIMARY KEY (id), 
	CONSTRAINT fk_arrival_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_arrival_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_arrival_conversation_id UNIQUE (conversation_id)
);
INSERT INTO "arrival" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','x',1,0,'2026-03-02 12:00:00.000000',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE audit_checkpoint (
	size INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_audit_checkpoint PRIMARY KEY (size)
);
INSERT INTO "audit_checkpoint" VALUES(1,'x');
CREATE TABLE audit_cosignature (
	size INTEGER NOT NULL, 
	line TEXT NOT NULL, 
	CONSTRAINT pk_audit_cosignature PRIMARY KEY (size, line), 
	CONSTRAINT fk_audit_cosignature_size_audit_checkpoint FOREIGN KEY(size) REFERENCES audit_checkpoint (size)
);
INSERT INTO "audit_cosignature" VALUES(1,'x');
CREATE TABLE audit_leaf (
	idx INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT pk_audit_leaf PRIMARY KEY (idx)
);
INSERT INTO "audit_leaf" VALUES(1,X'00FF207365616C6564',X'00FF207365616C6564');
CREATE TABLE audit_node (
	level INTEGER NOT NULL, 
	idx INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT pk_audit_node PRIMARY KEY (level, idx)
);
INSERT INTO "audit_node" VALUES(1,1,X'00FF207365616C6564');
CREATE TABLE change (
	review_id CHAR(32) NOT NULL, 
	conversation_id CHAR(32), 
	number INTEGER NOT NULL, 
	field VARCHAR(20) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	undone_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_change PRIMARY KEY (id), 
	CONSTRAINT fk_change_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_change_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_change_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_change_review_id UNIQUE (review_id, number)
);
INSERT INTO "change" VALUES('00000000000000000000000000000001','00000000000000000000000000000001',1,'x','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE clock_entry (
	seq INTEGER NOT NULL, 
	CONSTRAINT pk_clock_entry PRIMARY KEY (seq)
);
INSERT INTO "clock_entry" VALUES(1);
CREATE TABLE conversation (
	reference VARCHAR(20) NOT NULL, 
	review_id CHAR(32) NOT NULL, 
	participant_id CHAR(32) NOT NULL, 
	interviewer VARCHAR(80) NOT NULL, 
	"on" DATE, 
	language VARCHAR(3) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	recording_key CHAR(32) NOT NULL, 
	extract_key CHAR(32) NOT NULL, 
	recipient TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	state_at DATETIME NOT NULL, 
	keep_until DATETIME, 
	conventions JSON, 
	imported VARCHAR(10), 
	accuracy JSON, 
	draft BLOB, 
	document BLOB, 
	document_digest VARCHAR(64), 
	said BLOB, 
	run_token CHAR(32), 
	runs INTEGER NOT NULL, 
	trouble VARCHAR(200), 
	quarantined BOOLEAN NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_conversation PRIMARY KEY (id), 
	CONSTRAINT fk_conversation_participant_id_participant FOREIGN KEY(participant_id) REFERENCES participant (id), 
	CONSTRAINT fk_conversation_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_conversation_reference UNIQUE (reference)
);
INSERT INTO "conversation" VALUES('x','00000000000000000000000000000001','00000000000000000000000000000001','x','2026-03-02','x','planned','00000000000000000000000000000001','00000000000000000000000000000001','x','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','["x"]','x','["x"]',X'00FF207365616C6564',X'00FF207365616C6564','x',X'00FF207365616C6564','00000000000000000000000000000001',1,'x',0,'00000000000000000000000000000001');
CREATE TABLE copy (
	number INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	made_at DATETIME NOT NULL, 
	made_by VARCHAR(40) NOT NULL, 
	attested_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_copy PRIMARY KEY (id), 
	CONSTRAINT uq_copy_number UNIQUE (number)
);
INSERT INTO "copy" VALUES(1,1,'2026-03-02 12:00:00.000000','x','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE correction (
	conversation_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_correction PRIMARY KEY (id), 
	CONSTRAINT fk_correction_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_correction_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_correction_conversation_id UNIQUE (conversation_id, number)
);
INSERT INTO "correction" VALUES('00000000000000000000000000000001',1,'00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE destruction_order (
	number INTEGER NOT NULL, 
	review_id CHAR(32) NOT NULL, 
	conversation_id CHAR(32), 
	reason VARCHAR(20) NOT NULL, 
	objects JSON NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	made_by VARCHAR(40) NOT NULL, 
	made_at DATETIME NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	facts JSON NOT NULL, 
	refusal BLOB, 
	certificate TEXT, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_destruction_order PRIMARY KEY (id), 
	CONSTRAINT fk_destruction_order_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_destruction_order_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_destruction_order_number UNIQUE (number)
);
INSERT INTO "destruction_order" VALUES(1,'00000000000000000000000000000001','00000000000000000000000000000001','x','["x"]','x','x','2026-03-02 12:00:00.000000','made','["x"]',X'00FF207365616C6564','x','00000000000000000000000000000001');
CREATE TABLE doubt (
	conversation_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	resolved_by CHAR(32), 
	resolved_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_doubt PRIMARY KEY (id), 
	CONSTRAINT fk_doubt_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_doubt_resolved_by_person FOREIGN KEY(resolved_by) REFERENCES person (id), 
	CONSTRAINT uq_doubt_conversation_id UNIQUE (conversation_id, number)
);
INSERT INTO "doubt" VALUES('00000000000000000000000000000001',1,X'00FF207365616C6564','00000000000000000000000000000001','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE export (
	review_id CHAR(32) NOT NULL, 
	conversation_id CHAR(32), 
	format VARCHAR(20) NOT NULL, 
	audience VARCHAR(20) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	recipient_id CHAR(32), 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_export PRIMARY KEY (id), 
	CONSTRAINT fk_export_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_export_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_export_recipient_id_participant FOREIGN KEY(recipient_id) REFERENCES participant (id), 
	CONSTRAINT fk_export_review_id_review FOREIGN KEY(review_id) REFERENCES review (id)
);
INSERT INTO "export" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','x','x','x','00000000000000000000000000000001','2026-03-02 12:00:00.000000','00000000000000000000000000000001','00000000000000000000000000000001');
CREATE TABLE extension (
	conversation_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_extension PRIMARY KEY (id), 
	CONSTRAINT fk_extension_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_extension_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "extension" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE extract (
	conversation_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	removed_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_extract PRIMARY KEY (id), 
	CONSTRAINT fk_extract_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_extract_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_extract_conversation_id UNIQUE (conversation_id, number)
);
INSERT INTO "extract" VALUES('00000000000000000000000000000001',1,'00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE hearing (
	conversation_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_hearing PRIMARY KEY (id), 
	CONSTRAINT fk_hearing_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_hearing_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_hearing_conversation_id UNIQUE (conversation_id, person_id)
);
INSERT INTO "hearing" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE hold (
	number INTEGER NOT NULL, 
	review_id CHAR(32) NOT NULL, 
	conversation_id CHAR(32), 
	placed_by CHAR(32) NOT NULL, 
	placed_at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	lifted_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_hold PRIMARY KEY (id), 
	CONSTRAINT fk_hold_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_hold_placed_by_person FOREIGN KEY(placed_by) REFERENCES person (id), 
	CONSTRAINT fk_hold_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_hold_number UNIQUE (number)
);
INSERT INTO "hold" VALUES(1,'00000000000000000000000000000001','00000000000000000000000000000001','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE hold_lift (
	hold_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_hold_lift PRIMARY KEY (id), 
	CONSTRAINT fk_hold_lift_hold_id_hold FOREIGN KEY(hold_id) REFERENCES hold (id), 
	CONSTRAINT fk_hold_lift_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_hold_lift_hold_id UNIQUE (hold_id, person_id)
);
INSERT INTO "hold_lift" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE incident (
	conversation_id CHAR(32) NOT NULL, 
	start DOUBLE NOT NULL, 
	"end" DOUBLE NOT NULL, 
	acknowledged_by CHAR(32), 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_incident PRIMARY KEY (id), 
	CONSTRAINT fk_incident_acknowledged_by_person FOREIGN KEY(acknowledged_by) REFERENCES person (id), 
	CONSTRAINT fk_incident_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id)
);
INSERT INTO "incident" VALUES('00000000000000000000000000000001',1.5,1.5,'00000000000000000000000000000001','00000000000000000000000000000001');
CREATE TABLE login_link (
	person_id CHAR(32) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	made_at DATETIME NOT NULL, 
	used_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_login_link PRIMARY KEY (id), 
	CONSTRAINT fk_login_link_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_login_link_digest UNIQUE (digest)
);
INSERT INTO "login_link" VALUES('00000000000000000000000000000001','x','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE name_decision (
	review_id CHAR(32) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_name_decision PRIMARY KEY (id), 
	CONSTRAINT fk_name_decision_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_name_decision_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_name_decision_review_id UNIQUE (review_id, digest)
);
INSERT INTO "name_decision" VALUES('00000000000000000000000000000001','x','00000000000000000000000000000001','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE override (
	conversation_id CHAR(32) NOT NULL, 
	audience VARCHAR(20) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_override PRIMARY KEY (id), 
	CONSTRAINT fk_override_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_override_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);
INSERT INTO "override" VALUES('00000000000000000000000000000001','x','x','00000000000000000000000000000001','2026-03-02 12:00:00.000000',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE participant (
	review_id CHAR(32) NOT NULL, 
	position VARCHAR(80) NOT NULL, 
	agency VARCHAR(80) NOT NULL, 
	sealed BLOB, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_participant PRIMARY KEY (id), 
	CONSTRAINT fk_participant_review_id_review FOREIGN KEY(review_id) REFERENCES review (id), 
	CONSTRAINT uq_participant_review_id UNIQUE (review_id, position)
);
INSERT INTO "participant" VALUES('00000000000000000000000000000001','x','x',X'00FF207365616C6564','00000000000000000000000000000001');
CREATE TABLE person (
	name VARCHAR(40) NOT NULL, 
	roles JSON NOT NULL, 
	password VARCHAR(200) NOT NULL, 
	signing_key BLOB NOT NULL, 
	public_key BLOB NOT NULL, 
	added_at DATETIME NOT NULL, 
	disabled_at DATETIME, 
	keys JSON, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id), 
	CONSTRAINT uq_person_name UNIQUE (name)
);
INSERT INTO "person" VALUES('x','["x"]','x',X'00FF207365616C6564',X'00FF207365616C6564','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','["x"]','00000000000000000000000000000001');
CREATE TABLE progress (
	conversation_id CHAR(32) NOT NULL, 
	begun DATETIME NOT NULL, 
	since DOUBLE NOT NULL, 
	done DOUBLE NOT NULL, 
	at DATETIME NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_progress PRIMARY KEY (id), 
	CONSTRAINT fk_progress_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT uq_progress_conversation_id UNIQUE (conversation_id)
);
INSERT INTO "progress" VALUES('00000000000000000000000000000001','2026-03-02 12:00:00.000000',1.5,1.5,'2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE recording (
	conversation_id CHAR(32) NOT NULL, 
	blob VARCHAR(80) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	keyed_digest VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	duration DOUBLE NOT NULL, 
	channels INTEGER NOT NULL, 
	sealed_at DATETIME NOT NULL, 
	playback VARCHAR(80), 
	waveform BLOB, 
	marks BLOB, 
	original_gone DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_recording PRIMARY KEY (id), 
	CONSTRAINT fk_recording_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT uq_recording_conversation_id UNIQUE (conversation_id)
);
INSERT INTO "recording" VALUES('00000000000000000000000000000001','x','x','x',1,1.5,1,'2026-03-02 12:00:00.000000','x',X'00FF207365616C6564',X'00FF207365616C6564','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE review (
	reference VARCHAR(40) NOT NULL, 
	schedule TEXT NOT NULL, 
	names_key CHAR(32) NOT NULL, 
	review_key CHAR(32) NOT NULL, 
	codebook BLOB NOT NULL, 
	name_key BLOB, 
	glossary BLOB, 
	conventions JSON, 
	created_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_review PRIMARY KEY (id), 
	CONSTRAINT uq_review_reference UNIQUE (reference)
);
INSERT INTO "review" VALUES('x','x','00000000000000000000000000000001','00000000000000000000000000000001',X'00FF207365616C6564',X'00FF207365616C6564',X'00FF207365616C6564','["x"]','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE session (
	person_id CHAR(32) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	by_link BOOLEAN NOT NULL, 
	begun_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_session PRIMARY KEY (id), 
	CONSTRAINT fk_session_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_session_digest UNIQUE (digest)
);
INSERT INTO "session" VALUES('00000000000000000000000000000001','x','x',0,'2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE sign_in_attempt (
	name VARCHAR(40) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	passed BOOLEAN NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_sign_in_attempt PRIMARY KEY (id)
);
INSERT INTO "sign_in_attempt" VALUES('x','x','2026-03-02 12:00:00.000000',0,'00000000000000000000000000000001');
CREATE TABLE sign_off (
	conversation_id CHAR(32) NOT NULL, 
	person_id CHAR(32) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	signature BLOB NOT NULL, 
	at DATETIME NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_sign_off PRIMARY KEY (id), 
	CONSTRAINT fk_sign_off_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT fk_sign_off_person_id_person FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT uq_sign_off_conversation_id UNIQUE (conversation_id, person_id)
);
INSERT INTO "sign_off" VALUES('00000000000000000000000000000001','00000000000000000000000000000001','x',X'00FF207365616C6564','2026-03-02 12:00:00.000000','00000000000000000000000000000001');
CREATE TABLE window (
	conversation_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	start DOUBLE NOT NULL, 
	"end" DOUBLE NOT NULL, 
	transcribed DOUBLE NOT NULL, 
	silence DOUBLE NOT NULL, 
	damaged DOUBLE NOT NULL, 
	skipped DOUBLE NOT NULL, 
	sealed BLOB NOT NULL, 
	id CHAR(32) NOT NULL, 
	CONSTRAINT pk_window PRIMARY KEY (id), 
	CONSTRAINT fk_window_conversation_id_conversation FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	CONSTRAINT uq_window_conversation_id UNIQUE (conversation_id, number)
);
INSERT INTO "window" VALUES('00000000000000000000000000000001',1,1.5,1.5,1.5,1.5,1.5,1.5,X'00FF207365616C6564','00000000000000000000000000000001');
CREATE INDEX ix_sign_in_attempt_address ON sign_in_attempt (address);
CREATE INDEX ix_sign_in_attempt_name ON sign_in_attempt (name);
CREATE TRIGGER audit_leaf_refuses_update BEFORE UPDATE ON audit_leaf  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_leaf_refuses_delete BEFORE DELETE ON audit_leaf  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_leaf_refuses_insert BEFORE INSERT ON audit_leaf WHEN EXISTS (SELECT 1 FROM audit_leaf WHERE idx = NEW.idx) BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_node_refuses_update BEFORE UPDATE ON audit_node  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_node_refuses_delete BEFORE DELETE ON audit_node  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_node_refuses_insert BEFORE INSERT ON audit_node WHEN EXISTS (SELECT 1 FROM audit_node WHERE level = NEW.level AND idx = NEW.idx) BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_checkpoint_refuses_update BEFORE UPDATE ON audit_checkpoint  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_checkpoint_refuses_delete BEFORE DELETE ON audit_checkpoint  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_checkpoint_refuses_insert BEFORE INSERT ON audit_checkpoint WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE size = NEW.size) BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_cosignature_refuses_update BEFORE UPDATE ON audit_cosignature  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_cosignature_refuses_delete BEFORE DELETE ON audit_cosignature  BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
CREATE TRIGGER audit_cosignature_refuses_insert BEFORE INSERT ON audit_cosignature WHEN EXISTS (SELECT 1 FROM audit_cosignature WHERE size = NEW.size AND line = NEW.line) BEGIN SELECT RAISE(ABORT, 'rows of the log are added and never changed or deleted'); END;
COMMIT;
