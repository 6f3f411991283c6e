SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.audit_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'rows of the log are added and never changed or deleted' USING ERRCODE = 'integrity_constraint_violation'; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.approval (
    order_id uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    signature bytea NOT NULL,
    public_key bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.arrival (
    conversation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    blob character varying(80) NOT NULL,
    size bigint,
    sealed_before boolean,
    begun_at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.audit_checkpoint (
    size bigint NOT NULL,
    note text NOT NULL
);
CREATE TABLE public.audit_cosignature (
    size bigint NOT NULL,
    line text NOT NULL
);
CREATE TABLE public.audit_leaf (
    idx bigint NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE public.audit_node (
    level integer NOT NULL,
    idx bigint NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE public.change (
    review_id uuid NOT NULL,
    conversation_id uuid,
    number integer NOT NULL,
    field character varying(20) NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    undone_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.clock_entry (
    seq bigint NOT NULL
);
CREATE TABLE public.conversation (
    reference character varying(20) NOT NULL,
    review_id uuid NOT NULL,
    participant_id uuid NOT NULL,
    interviewer character varying(80) NOT NULL,
    "on" date,
    language character varying(3) NOT NULL,
    state character varying(20) NOT NULL,
    recording_key uuid NOT NULL,
    extract_key uuid NOT NULL,
    recipient text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    state_at timestamp with time zone NOT NULL,
    keep_until timestamp with time zone,
    conventions json,
    imported character varying(10),
    accuracy json,
    draft bytea,
    document bytea,
    document_digest character varying(64),
    said bytea,
    run_token uuid,
    runs integer NOT NULL,
    trouble character varying(200),
    quarantined boolean NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.copy (
    number integer NOT NULL,
    epoch integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by character varying(40) NOT NULL,
    attested_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.correction (
    conversation_id uuid NOT NULL,
    number integer NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.destruction_order (
    number integer NOT NULL,
    review_id uuid NOT NULL,
    conversation_id uuid,
    reason character varying(20) NOT NULL,
    objects json NOT NULL,
    digest character varying(64) NOT NULL,
    made_by character varying(40) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    state character varying(20) NOT NULL,
    facts json NOT NULL,
    refusal bytea,
    certificate text,
    id uuid NOT NULL
);
CREATE TABLE public.doubt (
    conversation_id uuid NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    resolved_by uuid,
    resolved_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.export (
    review_id uuid NOT NULL,
    conversation_id uuid,
    format character varying(20) NOT NULL,
    audience character varying(20) NOT NULL,
    digest character varying(64) NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    recipient_id uuid,
    id uuid NOT NULL
);
CREATE TABLE public.extension (
    conversation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public."extract" (
    conversation_id uuid NOT NULL,
    number integer NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    removed_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.hearing (
    conversation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.hold (
    number integer NOT NULL,
    review_id uuid NOT NULL,
    conversation_id uuid,
    placed_by uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    lifted_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.hold_lift (
    hold_id uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    signature bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.incident (
    conversation_id uuid NOT NULL,
    start double precision NOT NULL,
    "end" double precision NOT NULL,
    acknowledged_by uuid,
    id uuid NOT NULL
);
CREATE TABLE public.login_link (
    person_id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.name_decision (
    review_id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.override (
    conversation_id uuid NOT NULL,
    audience character varying(20) NOT NULL,
    digest character varying(64) NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.participant (
    review_id uuid NOT NULL,
    "position" character varying(80) NOT NULL,
    agency character varying(80) NOT NULL,
    sealed bytea,
    id uuid NOT NULL
);
CREATE TABLE public.person (
    name character varying(40) NOT NULL,
    roles json NOT NULL,
    password character varying(200) NOT NULL,
    signing_key bytea NOT NULL,
    public_key bytea NOT NULL,
    added_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    keys json,
    id uuid NOT NULL
);
CREATE TABLE public.progress (
    conversation_id uuid NOT NULL,
    begun timestamp with time zone NOT NULL,
    since double precision NOT NULL,
    done double precision NOT NULL,
    at timestamp with time zone NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.recording (
    conversation_id uuid NOT NULL,
    blob character varying(80) NOT NULL,
    digest character varying(64) NOT NULL,
    keyed_digest character varying(64) NOT NULL,
    size bigint NOT NULL,
    duration double precision NOT NULL,
    channels integer NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    playback character varying(80),
    waveform bytea,
    marks bytea,
    original_gone timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.review (
    reference character varying(40) NOT NULL,
    schedule text NOT NULL,
    names_key uuid NOT NULL,
    review_key uuid NOT NULL,
    codebook bytea NOT NULL,
    name_key bytea,
    glossary bytea,
    conventions json,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.session (
    person_id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    address character varying(64) NOT NULL,
    by_link boolean NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    id uuid NOT NULL
);
CREATE TABLE public.sign_in_attempt (
    name character varying(40) NOT NULL,
    address character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL,
    passed boolean NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public.sign_off (
    conversation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    digest character varying(64) NOT NULL,
    signature bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    id uuid NOT NULL
);
CREATE TABLE public."window" (
    conversation_id uuid NOT NULL,
    number integer NOT NULL,
    start double precision NOT NULL,
    "end" double precision NOT NULL,
    transcribed double precision NOT NULL,
    silence double precision NOT NULL,
    damaged double precision NOT NULL,
    skipped double precision NOT NULL,
    sealed bytea NOT NULL,
    id uuid NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.approval VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.arrival VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', 1, false, '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.audit_checkpoint VALUES (1, 'x');
INSERT INTO public.audit_cosignature VALUES (1, 'x');
INSERT INTO public.audit_leaf VALUES (1, '\x00ff207365616c6564', '\x00ff207365616c6564');
INSERT INTO public.audit_node VALUES (1, 1, '\x00ff207365616c6564');
INSERT INTO public.change VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 1, 'x', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.clock_entry VALUES (1);
INSERT INTO public.conversation VALUES ('x', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', '2026-03-02', 'x', 'planned', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '["x"]', 'x', '["x"]', '\x00ff207365616c6564', '\x00ff207365616c6564', 'x', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001', 1, 'x', false, '00000000-0000-0000-0000-000000000001');
INSERT INTO public.copy VALUES (1, 1, '2026-03-02 12:00:00+00', 'x', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.correction VALUES ('00000000-0000-0000-0000-000000000001', 1, '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.destruction_order VALUES (1, '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', '["x"]', 'x', 'x', '2026-03-02 12:00:00+00', 'made', '["x"]', '\x00ff207365616c6564', 'x', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.doubt VALUES ('00000000-0000-0000-0000-000000000001', 1, '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.export VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', 'x', 'x', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.extension VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public."extract" VALUES ('00000000-0000-0000-0000-000000000001', 1, '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.hearing VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.hold VALUES (1, '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.hold_lift VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.incident VALUES ('00000000-0000-0000-0000-000000000001', 1.5, 1.5, '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.login_link VALUES ('00000000-0000-0000-0000-000000000001', 'x', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.name_decision VALUES ('00000000-0000-0000-0000-000000000001', 'x', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.override VALUES ('00000000-0000-0000-0000-000000000001', 'x', 'x', '00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.participant VALUES ('00000000-0000-0000-0000-000000000001', 'x', 'x', '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.person VALUES ('x', '["x"]', 'x', '\x00ff207365616c6564', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '["x"]', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.progress VALUES ('00000000-0000-0000-0000-000000000001', '2026-03-02 12:00:00+00', 1.5, 1.5, '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.recording VALUES ('00000000-0000-0000-0000-000000000001', 'x', 'x', 'x', 1, 1.5, 1, '2026-03-02 12:00:00+00', 'x', '\x00ff207365616c6564', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.review VALUES ('x', 'x', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '\x00ff207365616c6564', '\x00ff207365616c6564', '\x00ff207365616c6564', '["x"]', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.session VALUES ('00000000-0000-0000-0000-000000000001', 'x', 'x', false, '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.sign_in_attempt VALUES ('x', 'x', '2026-03-02 12:00:00+00', false, '00000000-0000-0000-0000-000000000001');
INSERT INTO public.sign_off VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'x', '\x00ff207365616c6564', '2026-03-02 12:00:00+00', '00000000-0000-0000-0000-000000000001');
INSERT INTO public."window" VALUES ('00000000-0000-0000-0000-000000000001', 1, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, '\x00ff207365616c6564', '00000000-0000-0000-0000-000000000001');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT pk_approval PRIMARY KEY (id);
ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT pk_arrival PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_checkpoint
    ADD CONSTRAINT pk_audit_checkpoint PRIMARY KEY (size);
ALTER TABLE ONLY public.audit_cosignature
    ADD CONSTRAINT pk_audit_cosignature PRIMARY KEY (size, line);
ALTER TABLE ONLY public.audit_leaf
    ADD CONSTRAINT pk_audit_leaf PRIMARY KEY (idx);
ALTER TABLE ONLY public.audit_node
    ADD CONSTRAINT pk_audit_node PRIMARY KEY (level, idx);
ALTER TABLE ONLY public.change
    ADD CONSTRAINT pk_change PRIMARY KEY (id);
ALTER TABLE ONLY public.clock_entry
    ADD CONSTRAINT pk_clock_entry PRIMARY KEY (seq);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT pk_conversation PRIMARY KEY (id);
ALTER TABLE ONLY public.copy
    ADD CONSTRAINT pk_copy PRIMARY KEY (id);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT pk_correction PRIMARY KEY (id);
ALTER TABLE ONLY public.destruction_order
    ADD CONSTRAINT pk_destruction_order PRIMARY KEY (id);
ALTER TABLE ONLY public.doubt
    ADD CONSTRAINT pk_doubt PRIMARY KEY (id);
ALTER TABLE ONLY public.export
    ADD CONSTRAINT pk_export PRIMARY KEY (id);
ALTER TABLE ONLY public.extension
    ADD CONSTRAINT pk_extension PRIMARY KEY (id);
ALTER TABLE ONLY public."extract"
    ADD CONSTRAINT pk_extract PRIMARY KEY (id);
ALTER TABLE ONLY public.hearing
    ADD CONSTRAINT pk_hearing PRIMARY KEY (id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT pk_hold PRIMARY KEY (id);
ALTER TABLE ONLY public.hold_lift
    ADD CONSTRAINT pk_hold_lift PRIMARY KEY (id);
ALTER TABLE ONLY public.incident
    ADD CONSTRAINT pk_incident PRIMARY KEY (id);
ALTER TABLE ONLY public.login_link
    ADD CONSTRAINT pk_login_link PRIMARY KEY (id);
ALTER TABLE ONLY public.name_decision
    ADD CONSTRAINT pk_name_decision PRIMARY KEY (id);
ALTER TABLE ONLY public.override
    ADD CONSTRAINT pk_override PRIMARY KEY (id);
ALTER TABLE ONLY public.participant
    ADD CONSTRAINT pk_participant PRIMARY KEY (id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT pk_person PRIMARY KEY (id);
ALTER TABLE ONLY public.progress
    ADD CONSTRAINT pk_progress PRIMARY KEY (id);
ALTER TABLE ONLY public.recording
    ADD CONSTRAINT pk_recording PRIMARY KEY (id);
ALTER TABLE ONLY public.review
    ADD CONSTRAINT pk_review PRIMARY KEY (id);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT pk_session PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_in_attempt
    ADD CONSTRAINT pk_sign_in_attempt PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_off
    ADD CONSTRAINT pk_sign_off PRIMARY KEY (id);
ALTER TABLE ONLY public."window"
    ADD CONSTRAINT pk_window PRIMARY KEY (id);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT uq_approval_order_id UNIQUE (order_id, person_id);
ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT uq_arrival_conversation_id UNIQUE (conversation_id);
ALTER TABLE ONLY public.change
    ADD CONSTRAINT uq_change_review_id UNIQUE (review_id, number);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT uq_conversation_reference UNIQUE (reference);
ALTER TABLE ONLY public.copy
    ADD CONSTRAINT uq_copy_number UNIQUE (number);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT uq_correction_conversation_id UNIQUE (conversation_id, number);
ALTER TABLE ONLY public.destruction_order
    ADD CONSTRAINT uq_destruction_order_number UNIQUE (number);
ALTER TABLE ONLY public.doubt
    ADD CONSTRAINT uq_doubt_conversation_id UNIQUE (conversation_id, number);
ALTER TABLE ONLY public."extract"
    ADD CONSTRAINT uq_extract_conversation_id UNIQUE (conversation_id, number);
ALTER TABLE ONLY public.hearing
    ADD CONSTRAINT uq_hearing_conversation_id UNIQUE (conversation_id, person_id);
ALTER TABLE ONLY public.hold_lift
    ADD CONSTRAINT uq_hold_lift_hold_id UNIQUE (hold_id, person_id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT uq_hold_number UNIQUE (number);
ALTER TABLE ONLY public.login_link
    ADD CONSTRAINT uq_login_link_digest UNIQUE (digest);
ALTER TABLE ONLY public.name_decision
    ADD CONSTRAINT uq_name_decision_review_id UNIQUE (review_id, digest);
ALTER TABLE ONLY public.participant
    ADD CONSTRAINT uq_participant_review_id UNIQUE (review_id, "position");
ALTER TABLE ONLY public.person
    ADD CONSTRAINT uq_person_name UNIQUE (name);
ALTER TABLE ONLY public.progress
    ADD CONSTRAINT uq_progress_conversation_id UNIQUE (conversation_id);
ALTER TABLE ONLY public.recording
    ADD CONSTRAINT uq_recording_conversation_id UNIQUE (conversation_id);
ALTER TABLE ONLY public.review
    ADD CONSTRAINT uq_review_reference UNIQUE (reference);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT uq_session_digest UNIQUE (digest);
ALTER TABLE ONLY public.sign_off
    ADD CONSTRAINT uq_sign_off_conversation_id UNIQUE (conversation_id, person_id);
ALTER TABLE ONLY public."window"
    ADD CONSTRAINT uq_window_conversation_id UNIQUE (conversation_id, number);
CREATE INDEX ix_sign_in_attempt_address ON public.sign_in_attempt USING btree (address);
CREATE INDEX ix_sign_in_attempt_name ON public.sign_in_attempt USING btree (name);
CREATE TRIGGER audit_checkpoint_only_grows BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse();
CREATE TRIGGER audit_cosignature_only_grows BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_cosignature FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse();
CREATE TRIGGER audit_leaf_only_grows BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse();
CREATE TRIGGER audit_node_only_grows BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_node FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse();
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT fk_approval_order_id_destruction_order FOREIGN KEY (order_id) REFERENCES public.destruction_order(id);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT fk_approval_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT fk_arrival_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT fk_arrival_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.audit_cosignature
    ADD CONSTRAINT fk_audit_cosignature_size_audit_checkpoint FOREIGN KEY (size) REFERENCES public.audit_checkpoint(size);
ALTER TABLE ONLY public.change
    ADD CONSTRAINT fk_change_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.change
    ADD CONSTRAINT fk_change_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.change
    ADD CONSTRAINT fk_change_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT fk_conversation_participant_id_participant FOREIGN KEY (participant_id) REFERENCES public.participant(id);
ALTER TABLE ONLY public.conversation
    ADD CONSTRAINT fk_conversation_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT fk_correction_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT fk_correction_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.destruction_order
    ADD CONSTRAINT fk_destruction_order_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.destruction_order
    ADD CONSTRAINT fk_destruction_order_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.doubt
    ADD CONSTRAINT fk_doubt_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.doubt
    ADD CONSTRAINT fk_doubt_resolved_by_person FOREIGN KEY (resolved_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.export
    ADD CONSTRAINT fk_export_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.export
    ADD CONSTRAINT fk_export_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.export
    ADD CONSTRAINT fk_export_recipient_id_participant FOREIGN KEY (recipient_id) REFERENCES public.participant(id);
ALTER TABLE ONLY public.export
    ADD CONSTRAINT fk_export_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.extension
    ADD CONSTRAINT fk_extension_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.extension
    ADD CONSTRAINT fk_extension_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public."extract"
    ADD CONSTRAINT fk_extract_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public."extract"
    ADD CONSTRAINT fk_extract_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.hearing
    ADD CONSTRAINT fk_hearing_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.hearing
    ADD CONSTRAINT fk_hearing_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT fk_hold_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.hold_lift
    ADD CONSTRAINT fk_hold_lift_hold_id_hold FOREIGN KEY (hold_id) REFERENCES public.hold(id);
ALTER TABLE ONLY public.hold_lift
    ADD CONSTRAINT fk_hold_lift_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT fk_hold_placed_by_person FOREIGN KEY (placed_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT fk_hold_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.incident
    ADD CONSTRAINT fk_incident_acknowledged_by_person FOREIGN KEY (acknowledged_by) REFERENCES public.person(id);
ALTER TABLE ONLY public.incident
    ADD CONSTRAINT fk_incident_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.login_link
    ADD CONSTRAINT fk_login_link_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.name_decision
    ADD CONSTRAINT fk_name_decision_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.name_decision
    ADD CONSTRAINT fk_name_decision_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.override
    ADD CONSTRAINT fk_override_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.override
    ADD CONSTRAINT fk_override_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.participant
    ADD CONSTRAINT fk_participant_review_id_review FOREIGN KEY (review_id) REFERENCES public.review(id);
ALTER TABLE ONLY public.progress
    ADD CONSTRAINT fk_progress_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.recording
    ADD CONSTRAINT fk_recording_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.session
    ADD CONSTRAINT fk_session_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public.sign_off
    ADD CONSTRAINT fk_sign_off_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
ALTER TABLE ONLY public.sign_off
    ADD CONSTRAINT fk_sign_off_person_id_person FOREIGN KEY (person_id) REFERENCES public.person(id);
ALTER TABLE ONLY public."window"
    ADD CONSTRAINT fk_window_conversation_id_conversation FOREIGN KEY (conversation_id) REFERENCES public.conversation(id);
