use serde_json::{Map, Value};

use crate::{Event, HookPoint, Rejection};

/// A step in the life of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LifecycleStep {
    Initialize,
    Start,
    Stop,
    Cleanup,
    HealthCheck,
}

/// The facts about a request that hooks read.
#[derive(Debug, Clone, Default)]
pub(crate) struct HookContext {
    pub(crate) request_id: String,
    pub(crate) actor: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) remaining_ms: Option<u64>,
}

/// A question about access.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) subject: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Map<String, Value>,
}

/// A call of a component.
#[derive(Debug, Clone)]
pub(crate) enum GuestCall {
    Lifecycle(LifecycleStep),
    Hook {
        hook: String,
        point: HookPoint,
        context: HookContext,
        values: Map<String, Value>,
        metadata: Vec<(String, String)>,
    },
    Event {
        handler: String,
        event: Event,
    },
    Decide(Question),
}

impl LifecycleStep {
    /// Returns the name of the function in the interface.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Cleanup => "cleanup",
            Self::HealthCheck => "health-check",
        }
    }
}

impl GuestCall {
    /// Returns what is called, for spans: a hook point or a function of the interface.
    pub(crate) const fn function(&self) -> &'static str {
        match self {
            Self::Lifecycle(step) => step.as_str(),
            Self::Hook { point, .. } => point.as_str(),
            Self::Event { .. } => "handle",
            Self::Decide(_) => "decide",
        }
    }
}

/// The result of an event handler or of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Yes,
    /// With the reason.
    No(String),
    /// The event is to be delivered again, with the reason.
    Retry(String),
}

/// What a component returned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The step succeeded, or the component says why not.
    Step(Result<(), String>),
    /// The values that a hook set, or its rejection. `Err` is a failure that the hook reports.
    Hook(Result<Result<Map<String, Value>, Rejection>, String>),
    Verdict(Verdict),
}
