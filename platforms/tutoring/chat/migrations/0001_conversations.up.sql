-- Students and trainers who have or had an allocation together.
CREATE TABLE contacts (
    student_id {uuid} NOT NULL,
    trainer_id {uuid} NOT NULL,
    created_at {timestamp} NOT NULL,
    PRIMARY KEY (student_id, trainer_id)
);

CREATE INDEX contacts_trainer ON contacts (trainer_id);

CREATE TABLE conversations (
    id {uuid} NOT NULL PRIMARY KEY,
    -- The SHA-256 of the sorted IDs of the participants, in hexadecimal.
    participants_hash {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    -- The time of the last message. Times of messages increase in a conversation.
    updated_at {timestamp} NOT NULL
);

CREATE UNIQUE INDEX conversations_participants ON conversations (participants_hash);

CREATE TABLE conversation_members (
    conversation_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    last_delivered_at {timestamp},
    last_read_at {timestamp},
    PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT conversation_members_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE INDEX conversation_members_user ON conversation_members (user_id);

CREATE TABLE messages (
    id {uuid} NOT NULL PRIMARY KEY,
    conversation_id {uuid} NOT NULL,
    sender_id {uuid} NOT NULL,
    client_message_id {string} NOT NULL,
    type {string} NOT NULL,
    -- Encrypted, with the ID of the key.
    content {text},
    -- Object keys, types and sizes.
    attachments {json} NOT NULL,
    sent_at {timestamp} NOT NULL,
    deleted_at {timestamp},
    CONSTRAINT messages_type CHECK (type IN ('text', 'system', 'image', 'video', 'audio', 'file')),
    CONSTRAINT messages_conversation FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX messages_client ON messages (sender_id, client_message_id);

CREATE INDEX messages_feed ON messages (conversation_id, sent_at, id);
