//! Wishes of the same event, decided together.
//!
//! Whoever changes the places of an event holds its row until the commit has reached the disk. One after the other, two thousand would wait for two thousand commits; so those who wait for the same event are decided
//! in the order in which they came in one transaction, one after the other, and share its commit. Who comes alone waits for nobody.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use city_events_contract::Moment;
use parking_lot::Mutex;
use seaworthy::{data::Transaction, prelude::*, service::Tasks};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Store, places};
use crate::domain::{Action, Actor, Answer, IdempotencyKey, JoinError, JoinStatus};

/// How often wishes are decided anew that could not get at the database for others: five times its limit of three seconds is half of what a request may take.
const ATTEMPTS: u32 = 5;

/// The name of the tasks that decide.
const SERVE: &str = "decide joins of an event";

/// What somebody wishes of an event.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) actor: Actor,
    pub(super) event: Uuid,
    pub(super) action: Action,
    pub(super) key: IdempotencyKey,
}

/// A wish that waits for its answer.
#[derive(Debug)]
struct Waiting {
    wish: Wish,
    /// In which its messages and lines are told.
    context: Option<Arc<RequestContext>>,
    answer: oneshot::Sender<Result<Answer, JoinError>>,
}

/// The wishes that wait, by event. An event is here as long as somebody serves it.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    events: Arc<Mutex<HashMap<Uuid, VecDeque<Waiting>>>>,
    /// Where they are decided.
    tasks: Tasks,
    /// How many are decided in one transaction at most.
    together: usize,
}

impl Wishes {
    /// No wish yet. At most `together` of them are decided in one transaction, in these tasks.
    pub(crate) fn new(tasks: &Tasks, together: usize) -> Self {
        Self {
            events: Arc::default(),
            tasks: tasks.clone(),
            together,
        }
    }

    /// Puts a wish behind the others; `true` where nobody serves the event yet.
    fn put(&self, waiting: Waiting) -> bool {
        let mut events = self.events.lock();
        let event = waiting.wish.event;
        let is_new = !events.contains_key(&event);
        events.entry(event).or_default().push_back(waiting);
        is_new
    }

    /// The next ones, without those whose callers have gone. None of them is the end: the event is not served any more.
    fn take(&self, event: Uuid, most: usize) -> Vec<Waiting> {
        let mut events = self.events.lock();
        let mut taken = Vec::new();
        if let Some(queue) = events.get_mut(&event) {
            while taken.len() < most
                && let Some(waiting) = queue.pop_front()
            {
                if !waiting.answer.is_closed() {
                    taken.push(waiting);
                }
            }
        }
        if taken.is_empty() {
            events.remove(&event);
        }
        taken
    }
}

/// Gives up an event whose service ended in the middle, so that those who wait hear of it and the next one is served.
struct Serving {
    wishes: Wishes,
    event: Uuid,
    is_over: bool,
}

impl Drop for Serving {
    fn drop(&mut self) {
        if !self.is_over {
            self.wishes.events.lock().remove(&self.event);
        }
    }
}

impl Store {
    /// Waits until a wish is decided.
    pub(super) async fn decided(&self, wish: Wish) -> Result<(JoinStatus, Moment), JoinError> {
        let event = wish.event;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            wish,
            context: context::current(),
            answer,
        };
        if self.wishes.put(waiting) {
            // Apart from the request: that it is given up must not end the others.
            // A task of the service, so that a stop waits for what it commits.
            let serving = self.clone().serve(event);
            drop(self.wishes.tasks.spawn_apart(SERVE, serving));
        }
        let answer = answered.await.map_err(|_| JoinError::Busy)?;
        answer?.result()
    }

    /// Decides what is wished of an event until nothing is.
    async fn serve(self, event: Uuid) {
        let mut serving = Serving {
            wishes: self.wishes.clone(),
            event,
            is_over: false,
        };
        loop {
            let Ok(_turn) = self.turnstile.enter(event).await else {
                return;
            };
            let waiting = self.wishes.take(event, self.wishes.together);
            if waiting.is_empty() {
                serving.is_over = true;
                return;
            }
            self.decide_together(event, waiting).await;
        }
    }

    async fn decide_together(&self, event: Uuid, waiting: Vec<Waiting>) {
        let all = &waiting;
        let mut attempt = 1;
        let decided = loop {
            let decided = self
                .database
                .transaction(|tx| async move { self.decide_all(&tx, event, all).await })
                .await;
            match decided {
                // Nothing was done, and they still wait: others may be through with the database now.
                Err(error) if error.is_contention() && attempt < ATTEMPTS => attempt += 1,
                decided => break decided,
            }
        };
        match decided {
            Ok(answers) => {
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    // Who has gone meanwhile asks again, with the same key.
                    let _ = waiting.answer.send(answer);
                }
            }
            Err(error) => {
                let error = Arc::new(Error::from(error));
                for waiting in waiting {
                    let told = JoinError::Together(Arc::clone(&error));
                    let _ = waiting.answer.send(Err(told));
                }
            }
        }
    }

    /// Answers for all of them, or a fault that undoes all of them.
    async fn decide_all(
        &self,
        tx: &Transaction,
        event: Uuid,
        waiting: &[Waiting],
    ) -> Result<Vec<Result<Answer, JoinError>>, JoinError> {
        let mut places = places::lock(tx, event).await?;
        let before = places.as_ref().map(|places| places.revision);
        let mut answers = Vec::with_capacity(waiting.len());
        for one in waiting {
            let decided = self.decide(tx, &mut places, &one.wish);
            let answer = match &one.context {
                Some(context) => context::scope(Arc::clone(context), decided).await,
                None => decided.await,
            };
            match answer {
                Err(fault) if fault.is_fault() => return Err(fault),
                answer => answers.push(answer),
            }
        }
        if let Some(places) = &places
            && Some(places.revision) != before
        {
            places::write(tx, places, Moment::now()).await?;
        }
        Ok(answers)
    }
}
