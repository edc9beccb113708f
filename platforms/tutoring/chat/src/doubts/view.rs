use std::collections::HashMap;

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::{CheckedPage, Page};

use super::{question_context, reply_context};
use crate::{
    chat::Chats,
    domain::Participant,
    store::{DoubtFilter, Person, StoredDoubt, doubts, people, replies},
};

/// A doubt in responses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoubtView {
    #[serde(flatten)]
    doubt: StoredDoubt,
    student_name: Option<String>,
    trainer_name: Option<String>,
    question: String,
    attachments: Vec<Value>,
    /// Lists do not have replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    replies: Option<Vec<ReplyView>>,
}

/// A reply in responses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplyView {
    id: Uuid,
    author_id: Uuid,
    author_role: String,
    reply: String,
    created_at: DateTime<Utc>,
}

impl Chats {
    /// Returns a doubt with its replies.
    ///
    /// # Errors
    /// `NOT_FOUND` for doubts of other users, or an error of the database and of the encryption.
    pub(crate) async fn doubt(&self, caller: Participant, id: Uuid) -> Result<DoubtView, Error> {
        let database = &self.backend.database;
        let doubt = self.visible_doubt(database, caller, id).await?;
        let users = [Some(doubt.student_id), doubt.trainer_id]
            .into_iter()
            .flatten();
        let people = people::of(database, users.collect()).await?;
        let mut replies = Vec::new();
        for reply in replies::of(database, id).await? {
            let context = reply_context(reply.id);
            replies.push(ReplyView {
                id: reply.id,
                author_id: reply.author_id,
                author_role: reply.author_role,
                reply: self.sealer.open(&reply.content, &context).await?,
                created_at: reply.created_at,
            });
        }
        let mut view = self.doubt_view(doubt, &people).await?;
        view.replies = Some(replies);
        Ok(view)
    }

    /// Returns a page of doubts, without their replies.
    ///
    /// # Errors
    /// An error of the database and of the encryption.
    pub(crate) async fn doubts(
        &self,
        filter: DoubtFilter,
        page: CheckedPage,
    ) -> Result<Page<DoubtView>, Error> {
        let database = &self.backend.database;
        let found = doubts::page(database, filter, page).await?;
        let users = found
            .items
            .iter()
            .flat_map(|doubt| [Some(doubt.student_id), doubt.trainer_id])
            .flatten()
            .collect();
        let people = people::of(database, users).await?;
        let mut views = Vec::new();
        for doubt in found.items {
            views.push(self.doubt_view(doubt, &people).await?);
        }
        Ok(page.into_page(views, found.pagination.total))
    }

    async fn doubt_view(
        &self,
        doubt: StoredDoubt,
        people: &HashMap<Uuid, Person>,
    ) -> Result<DoubtView, Error> {
        let name = |id: Uuid| people.get(&id).and_then(Person::name).map(str::to_owned);
        let context = question_context(doubt.id);
        Ok(DoubtView {
            student_name: name(doubt.student_id),
            trainer_name: doubt.trainer_id.and_then(name),
            question: self.sealer.open(&doubt.question, &context).await?,
            attachments: self.signed_attachments(&doubt.attachments)?,
            replies: None,
            doubt,
        })
    }
}
