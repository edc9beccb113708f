use seaworthy::{
    core::Error,
    redis::{Redis, RedisError, redis::cmd},
};
use serde::{Deserialize, Serialize};

/// Maximum number of messages of a page.
const MAX_LISTED: usize = 100;
/// Maximum size of a page, in bytes. An acknowledgement has at most 64 KiB.
const MAX_LISTED_SIZE: usize = 48 << 10;

/// A message of a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    /// The identifier that the client chose.
    id: String,
    pub(crate) room: String,
    text: String,
}

/// The messages of all rooms: one hash per room, by identifier.
#[derive(Clone)]
pub(crate) struct Messages {
    redis: Redis,
    prefix: &'static str,
}

impl Messages {
    pub(crate) fn new(redis: Redis, prefix: &'static str) -> Self {
        Self { redis, prefix }
    }

    /// Stores a message. Returns false if it is stored already.
    pub(crate) async fn store(&self, message: &Message) -> Result<bool, Error> {
        let text = serde_json::to_vec(message).map_err(Error::internal)?;
        let mut store = cmd("HSETNX");
        store
            .arg(self.key(&message.room))
            .arg(&message.id)
            .arg(text);
        self.redis.request(&store).await.map_err(unavailable)
    }

    /// Returns messages of a room, in no particular order.
    pub(crate) async fn list(&self, room: &str) -> Result<Vec<serde_json::Value>, Error> {
        let mut list = cmd("HVALS");
        list.arg(self.key(room));
        let texts: Vec<Vec<u8>> = self.redis.request(&list).await.map_err(unavailable)?;
        let mut size = 0;
        let texts = texts.iter().take(MAX_LISTED).take_while(|text| {
            size += text.len();
            size <= MAX_LISTED_SIZE
        });
        let messages = texts.map(|text| serde_json::from_slice(text));
        messages.collect::<Result<_, _>>().map_err(Error::internal)
    }

    fn key(&self, room: &str) -> String {
        format!("{}messages:{room}", self.prefix)
    }
}

fn unavailable(error: RedisError) -> Error {
    Error::new(
        seaworthy::core::Code::Unavailable,
        "STORE_UNAVAILABLE",
        "messages cannot be stored at the moment: try again",
    )
    .with_cause(error)
}
