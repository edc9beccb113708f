//! The state API of `dapr.proto.runtime.v1`, with which a component stores dead letters.

use bytes::Bytes;
use prost::Message;
use tonic::{Code, Status};

use super::api::Api;

#[derive(Clone, PartialEq, Message)]
struct GetRequest {
    #[prost(string, tag = "1")]
    component: String,
    #[prost(string, tag = "2")]
    key: String,
    #[prost(enumeration = "Consistency", tag = "3")]
    consistency: i32,
}

#[derive(Clone, PartialEq, Message)]
struct GetResponse {
    #[prost(bytes = "bytes", tag = "1")]
    data: Bytes,
    #[prost(string, tag = "2")]
    etag: String,
}

#[derive(Clone, PartialEq, Message)]
struct SaveRequest {
    #[prost(string, tag = "1")]
    component: String,
    #[prost(message, repeated, tag = "2")]
    items: Vec<Item>,
}

#[derive(Clone, PartialEq, Message)]
struct Item {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
    #[prost(message, optional, tag = "3")]
    etag: Option<Etag>,
    #[prost(message, optional, tag = "5")]
    options: Option<Options>,
}

#[derive(Clone, PartialEq, Message)]
struct Etag {
    #[prost(string, tag = "1")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Options {
    #[prost(enumeration = "Concurrency", tag = "1")]
    concurrency: i32,
    #[prost(enumeration = "Consistency", tag = "2")]
    consistency: i32,
}

#[derive(Clone, PartialEq, Message)]
struct DeleteRequest {
    #[prost(string, tag = "1")]
    component: String,
    #[prost(string, tag = "2")]
    key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum Concurrency {
    Unspecified = 0,
    FirstWrite = 1,
    LastWrite = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum Consistency {
    Unspecified = 0,
    Eventual = 1,
    Strong = 2,
}

/// A value of a state store.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) value: Bytes,
    /// Every write changes it. Empty if the state store has no ETags.
    pub(super) version: String,
}

/// The condition of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// No condition.
    Anything,
    /// The key has no value.
    Absent,
    /// The value has this version.
    Version(String),
}

/// A store of values by keys.
pub(super) trait State: Send + Sync {
    fn get(&self, key: String) -> impl Future<Output = Result<Option<Stored>, Status>> + Send;

    /// Returns `false` if the condition does not hold.
    fn save(
        &self,
        key: String,
        value: Bytes,
        expected: Expected,
    ) -> impl Future<Output = Result<bool, Status>> + Send;

    fn delete(&self, key: String) -> impl Future<Output = Result<(), Status>> + Send;
}

/// A state store component of the sidecar.
#[derive(Debug)]
pub(super) struct StateComponent {
    api: Api,
    component: String,
}

impl StateComponent {
    pub(super) fn new(api: Api, component: String) -> Self {
        Self { api, component }
    }
}

impl State for StateComponent {
    async fn get(&self, key: String) -> Result<Option<Stored>, Status> {
        let request = GetRequest {
            component: self.component.clone(),
            key,
            consistency: Consistency::Strong.into(),
        };
        let path = "/dapr.proto.runtime.v1.Dapr/GetState";
        let response: GetResponse = self.api.call(path, request).await?;
        if response.data.is_empty() {
            return Ok(None);
        }
        Ok(Some(Stored {
            value: response.data,
            version: response.etag,
        }))
    }

    async fn save(&self, key: String, value: Bytes, expected: Expected) -> Result<bool, Status> {
        let must_be_absent = expected == Expected::Absent;
        let (concurrency, etag) = match expected {
            Expected::Anything => (Concurrency::LastWrite, None),
            Expected::Absent => (Concurrency::FirstWrite, None),
            Expected::Version(value) => (Concurrency::FirstWrite, Some(Etag { value })),
        };
        let item = Item {
            key: key.clone(),
            value,
            etag,
            options: Some(Options {
                concurrency: concurrency.into(),
                consistency: Consistency::Strong.into(),
            }),
        };
        let request = SaveRequest {
            component: self.component.clone(),
            items: vec![item],
        };
        let path = "/dapr.proto.runtime.v1.Dapr/SaveState";
        let saved: Result<(), Status> = self.api.call(path, request).await;
        let Err(status) = saved else {
            return Ok(true);
        };
        // Without an ETag, Dapr reports a conflict like any other failure.
        let is_conflict =
            status.code() == Code::Aborted || must_be_absent && self.get(key).await?.is_some();
        if is_conflict { Ok(false) } else { Err(status) }
    }

    async fn delete(&self, key: String) -> Result<(), Status> {
        let request = DeleteRequest {
            component: self.component.clone(),
            key,
        };
        let path = "/dapr.proto.runtime.v1.Dapr/DeleteState";
        self.api.call(path, request).await
    }
}
