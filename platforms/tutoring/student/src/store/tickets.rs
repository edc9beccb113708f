//! Statements on support tickets.

use seaworthy::{data::prelude::*, prelude::Deserialize};

/// The priority of tickets without one.
pub(crate) const DEFAULT_PRIORITY: &str = "medium";

/// A support ticket to store.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) issue_type: String,
    pub(crate) subject: String,
    pub(crate) description: String,
    pub(crate) email: String,
    pub(crate) priority: Option<String>,
}

/// Inserts an open ticket. Returns its ID.
pub(crate) async fn insert(
    connection: &dyn Connection,
    student: Uuid,
    ticket: Ticket,
) -> DataResult<Uuid> {
    let id = seaworthy::core::new_id();
    let priority = ticket.priority.as_deref().unwrap_or(DEFAULT_PRIORITY);
    sql!("INSERT INTO support_tickets (id, student_id, issue_type, subject, description, email, priority, status, created_at)
         VALUES ({id}, {student}, {ticket.issue_type}, {ticket.subject}, {ticket.description}, {ticket.email}, {priority}, 'open', {Utc::now()})")
        .execute(connection)
        .await?;
    Ok(id)
}
