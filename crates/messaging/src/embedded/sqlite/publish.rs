use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
};

use parking_lot::Mutex;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::oneshot;

use super::headers;
use crate::{
    DeadLetterId, Envelope, GroupName, PublishError, Topic,
    transport::{KeyOrder, TopicPlan},
};

type PublishResults = Vec<Result<(), PublishError>>;

/// Publishes the batches of concurrent tasks in one transaction, because a disk makes few commits
/// per second.
#[derive(Debug)]
pub(super) struct Publications {
    waiting: Mutex<Vec<(Vec<Envelope>, oneshot::Sender<PublishResults>)>>,
    turn: tokio::sync::Mutex<()>,
    /// The topics that allow messages without a subscription.
    unroutable: Mutex<BTreeSet<Topic>>,
    /// The groups that this publisher requires.
    required: Mutex<BTreeMap<Topic, BTreeSet<GroupName>>>,
    max_backlog: i64,
}

impl Publications {
    pub(super) fn new(max_backlog: NonZeroU32) -> Self {
        Self {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            unroutable: Mutex::default(),
            required: Mutex::default(),
            max_backlog: max_backlog.get().into(),
        }
    }

    pub(super) fn declare(&self, topics: Vec<TopicPlan>) {
        let (mut unroutable, mut required) = (self.unroutable.lock(), self.required.lock());
        for plan in topics {
            let groups = plan.groups.into_iter().map(|plan| plan.group);
            required
                .entry(plan.topic.clone())
                .or_default()
                .extend(groups);
            if plan.allows_unroutable {
                unroutable.insert(plan.topic);
            }
        }
    }

    pub(super) async fn publish(&self, pool: &SqlitePool, batch: Vec<Envelope>) -> PublishResults {
        let count = batch.len();
        let (sender, mut answer) = oneshot::channel();
        self.waiting.lock().push((batch, sender));
        let turn = self.turn.lock().await;
        // The previous task may have published this batch too.
        if let Ok(answers) = answer.try_recv() {
            return answers;
        }
        let all = std::mem::take(&mut *self.waiting.lock());
        self.write(pool, all).await;
        drop(turn);
        answer.try_recv().unwrap_or_else(|_| {
            let cancelled = || {
                Err(PublishError::unavailable(
                    "the task that wrote the batch was cancelled",
                ))
            };
            (0..count).map(|_| cancelled()).collect()
        })
    }

    /// Waits for the running transaction.
    pub(super) async fn finish(&self) {
        drop(self.turn.lock().await);
    }

    async fn write(
        &self,
        pool: &SqlitePool,
        all: Vec<(Vec<Envelope>, oneshot::Sender<PublishResults>)>,
    ) {
        let written = self.write_all(pool, &all).await;
        match written {
            Ok(answers) => {
                for ((_, sender), answers) in all.into_iter().zip(answers) {
                    let _ = sender.send(answers);
                }
            }
            Err(error) => {
                let text = error.to_string();
                for (batch, sender) in all {
                    let failed = || Err(PublishError::unavailable(text.clone()));
                    let _ = sender.send(batch.iter().map(|_| failed()).collect());
                }
            }
        }
    }

    async fn write_all(
        &self,
        pool: &SqlitePool,
        all: &[(Vec<Envelope>, oneshot::Sender<PublishResults>)],
    ) -> Result<Vec<PublishResults>, sqlx::Error> {
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut groups = Groups::default();
        let mut answers = Vec::with_capacity(all.len());
        for (batch, _) in all {
            let mut of_batch = Vec::with_capacity(batch.len());
            let mut order = KeyOrder::default();
            for envelope in batch {
                let answer = match order.admit(envelope) {
                    Ok(()) => self.insert(&mut transaction, &mut groups, envelope).await?,
                    Err(deferred) => Err(deferred),
                };
                order.record(envelope.key(), &answer);
                of_batch.push(answer);
            }
            answers.push(of_batch);
        }
        transaction.commit().await?;
        Ok(answers)
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        groups: &mut Groups,
        envelope: &Envelope,
    ) -> Result<Result<(), PublishError>, sqlx::Error> {
        let headers = match headers(envelope) {
            Ok(headers) => headers,
            Err(error) => return Ok(Err(PublishError::permanent(error))),
        };
        let topic = envelope.topic();
        if topic.is_dead_letters() {
            sqlx::query(
                "INSERT INTO broker_dead_letters (topic, id, headers, payload) VALUES (?, ?, ?, ?)",
            )
            .bind(topic.as_str())
            .bind(DeadLetterId::of(envelope).as_str())
            .bind(headers)
            .bind(&envelope.payload()[..])
            .execute(connection)
            .await?;
            return Ok(Ok(()));
        }
        let receivers = match envelope.recipient() {
            Some(group) => groups.only(connection, group.as_str()).await?,
            None => {
                let required = self.required.lock().get(topic).cloned();
                let required = required.unwrap_or_default();
                groups.of(connection, topic, &required).await?
            }
        };
        if receivers.is_empty() && !self.unroutable.lock().contains(topic) {
            let topic = topic.clone();
            return Ok(Err(PublishError::Unroutable { topic }));
        }
        for group in &receivers {
            if groups.is_full(connection, group, self.max_backlog).await? {
                return Ok(Err(PublishError::QueueFull {
                    topic: topic.clone(),
                }));
            }
        }
        for group in &receivers {
            sqlx::query("INSERT INTO broker_messages (group_name, topic, partition_key, headers, payload) VALUES (?, ?, ?, ?, ?)")
                .bind(group)
                .bind(topic.as_str())
                .bind(envelope.key())
                .bind(&headers)
                .bind(&envelope.payload()[..])
                .execute(&mut *connection)
                .await?;
        }
        Ok(Ok(()))
    }
}

/// Binds a group that a publisher requires.
pub(super) async fn bind_required(
    connection: &mut SqliteConnection,
    topic: &Topic,
    group: &GroupName,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO broker_required_bindings (topic, group_name) VALUES (?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(topic.as_str())
    .bind(group.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// The groups that a transaction has read.
#[derive(Default)]
struct Groups {
    of_topic: HashMap<Topic, Vec<String>>,
    full: HashMap<String, bool>,
}

impl Groups {
    /// Returns the groups of a topic. Binds the required ones again, because a subscription of
    /// their group to other topics removes their bindings.
    async fn of(
        &mut self,
        connection: &mut SqliteConnection,
        topic: &Topic,
        required: &BTreeSet<GroupName>,
    ) -> Result<Vec<String>, sqlx::Error> {
        if let Some(known) = self.of_topic.get(topic) {
            return Ok(known.clone());
        }
        for group in required {
            bind_required(connection, topic, group).await?;
        }
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT group_name FROM broker_bindings WHERE topic = ?1
                 UNION SELECT group_name FROM broker_required_bindings WHERE topic = ?1",
        )
        .bind(topic.as_str())
        .fetch_all(connection)
        .await?;
        self.of_topic.insert(topic.clone(), found.clone());
        Ok(found)
    }

    async fn only(
        &self,
        connection: &mut SqliteConnection,
        group: &str,
    ) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT group_name FROM broker_bindings WHERE group_name = ?1
             UNION SELECT group_name FROM broker_required_bindings WHERE group_name = ?1",
        )
        .bind(group)
        .fetch_all(connection)
        .await
    }

    /// Checks the bound once per transaction. A batch may exceed it by its own length.
    async fn is_full(
        &mut self,
        connection: &mut SqliteConnection,
        group: &str,
        max_backlog: i64,
    ) -> Result<bool, sqlx::Error> {
        if let Some(full) = self.full.get(group) {
            return Ok(*full);
        }
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM broker_messages WHERE group_name = ? LIMIT 1 OFFSET ?",
        )
        .bind(group)
        .bind(max_backlog - 1)
        .fetch_optional(connection)
        .await?;
        self.full.insert(group.to_owned(), last.is_some());
        Ok(last.is_some())
    }
}
