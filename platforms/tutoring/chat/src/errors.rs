pub(crate) use tutoring_identity::invalid;

use crate::domain::DoubtStatus;

seaworthy::errors! {
    /// Also for conversations of other users, whose existence is private.
    conversation_not_found: NotFound "NOT_FOUND" => "you have no conversation with this ID";
    message_not_found: NotFound "NOT_FOUND" => "you have no message with this ID";
    /// Also for doubts of other users, whose existence is private.
    doubt_not_found: NotFound "NOT_FOUND" => "you have no doubt with this ID";
    only_closes: Forbidden "FORBIDDEN" =>
        "students can only close their doubts: send the status closed";
    unrelated_users: Forbidden "FORBIDDEN" =>
        "you can write to trainers and students of your allocations only";
    other_message: Conflict "CONFLICT" =>
        "this clientMessageId belongs to a message of another conversation: use a new one";
    /// A state of a doubt that does not allow the action.
    doubt_is(status: DoubtStatus): Conflict "CONFLICT" =>
        format!("the doubt is {}, which does not allow this action", status.as_str());
    too_many_replies(max: u64): Conflict "CONFLICT" =>
        format!("the doubt has {max} replies: continue in the chat");
}
