//! The records of the interfaces. wasmtime compares them with those of a component by structure.

use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Debug, Clone, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct HookContextV01 {
    #[component(name = "request-id")]
    pub(super) request_id: String,
    pub(super) actor: Option<String>,
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct HookContextV02 {
    #[component(name = "request-id")]
    pub(super) request_id: String,
    pub(super) actor: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) remaining: Option<u64>,
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct HookCallV01 {
    pub(super) hook: String,
    pub(super) point: String,
    pub(super) context: HookContextV01,
    pub(super) values: Vec<Entry>,
    pub(super) metadata: Vec<Entry>,
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct HookCallV02 {
    pub(super) hook: String,
    pub(super) point: String,
    pub(super) context: HookContextV02,
    pub(super) values: Vec<Entry>,
    pub(super) metadata: Vec<Entry>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct GuestRejection {
    pub(super) status: u16,
    pub(super) reason: String,
}

#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(super) enum GuestOutcome {
    #[component(name = "proceed")]
    Proceed(Vec<Entry>),
    #[component(name = "reject")]
    Reject(GuestRejection),
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct GuestEvent {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) time: String,
    pub(super) data: String,
    pub(super) metadata: Vec<Entry>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(super) enum GuestHandleError {
    #[component(name = "retry")]
    Retry(String),
    #[component(name = "dead")]
    Dead(String),
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct GuestQuestion {
    pub(super) subject: String,
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) context: Vec<Entry>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(super) enum GuestDecision {
    #[component(name = "allow")]
    Allow,
    #[component(name = "deny")]
    Deny(String),
}

#[expect(dead_code, reason = "the derived code reads the case from memory")]
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub(super) enum LogLevel {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct GuestRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<Entry>,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(super) struct NewEvent {
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) metadata: Vec<Entry>,
}

#[derive(Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct GuestResponse {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}
