use jiff::Timestamp;
use seaworthy::{
    messaging::{ConsumerGroup, Event, Message},
    prelude::*,
};

use super::EventKey;
use crate::Role;

/// A kind of event.
pub trait Kind: Clone + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static {
    /// The field `type`, such as `TRAINER_ALLOCATED`.
    const TYPE: &'static str;
    /// The topic, such as `trainer-allocated`.
    const TOPIC: &'static str;
    /// The groups of its consumers.
    const GROUPS: &'static [ConsumerGroup];

    /// Returns the key of the message.
    fn key(&self) -> EventKey;

    /// Returns the ID of the entity that the event is about, such as an allocation.
    fn entity(&self) -> String;
}

/// An event: the common fields and, on the same level, the fields of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BusinessEvent<K> {
    /// The type of the kind.
    pub r#type: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The user who caused the event, or the student or trainer whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    /// The role of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The data of the kind.
    #[serde(flatten)]
    pub data: K,
}

impl<K: Kind> BusinessEvent<K> {
    /// Creates an event with the current time.
    #[must_use]
    pub fn new(data: K) -> Self {
        Self {
            r#type: K::TYPE.to_owned(),
            timestamp: Timestamp::now().as_millisecond(),
            user_id: None,
            role: None,
            data,
        }
    }

    /// Sets the user who caused the event.
    #[must_use]
    pub const fn by(mut self, user: Uuid, role: Role) -> Self {
        self.user_id = Some(user);
        self.role = Some(role);
        self
    }
}

impl<K: Kind> BusinessEvent<K> {
    /// Returns the event with a user: its own, the caller of the request, or the student or the
    /// trainer of its key.
    pub(super) fn attributed(&self) -> Self {
        let event = self.clone();
        match event.user_id {
            Some(_) => event,
            None => match caller().or_else(|| self.data.key().user()) {
                Some((user, role)) => event.by(user, role),
                None => event,
            },
        }
    }
}

impl<K: Kind> Event for BusinessEvent<K> {
    const TYPE: &'static str = K::TYPE;
    const VERSION: u32 = 1;
    const TOPIC: &'static str = K::TOPIC;
    const GROUPS: &'static [ConsumerGroup] = K::GROUPS;
}

/// Returns the message of an event, with its key, its entity and the ID of the current request. An
/// event without a user gets the caller of the request. Outside of requests of users, it gets the
/// student or the trainer of its key.
pub fn message<K: Kind>(event: &BusinessEvent<K>) -> Message {
    let key = event.data.key();
    let message = Message::from_event(&event.attributed());
    let message = message.key(&key.text()).subject(&event.data.entity());
    let request =
        context::with_current(|context| context.map(|context| context.request_id().clone()));
    match request {
        Some(request) => message.correlation_id(request.as_str()),
        None => message,
    }
}

/// Returns the user of the current request with the role. Other services have no role of a user.
fn caller() -> Option<(Uuid, Role)> {
    context::with_current(|context| {
        let context = context?;
        let role = Role::of(&context.grants())?;
        Some((context.actor()?.as_str().parse().ok()?, role))
    })
}
