use seaworthy_core::RequestContext;
use serde_json::{Map, Value};

use crate::{HookPoint, Rejection};

/// A step in the life cycle of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LifecycleStep {
    Initialize,
    Start,
    Stop,
    Cleanup,
    HealthCheck,
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

/// The facts about a request that hooks read.
#[derive(Debug, Clone, Default)]
pub(crate) struct HookContext {
    pub(crate) request_id: String,
    pub(crate) actor: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) remaining_ms: Option<u64>,
}

impl HookContext {
    /// Returns the facts about a request. None are known outside of a request.
    pub(crate) fn of(request: Option<&RequestContext>) -> Self {
        let Some(request) = request else {
            return Self::default();
        };
        let remaining = request.deadline().map(|deadline| {
            let left = deadline.remaining().unwrap_or_default();
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
        });
        Self {
            request_id: request.request_id().to_string(),
            actor: request.actor().map(|actor| actor.as_str().to_owned()),
            tenant: request.tenant().map(|tenant| tenant.as_str().to_owned()),
            remaining_ms: remaining,
        }
    }

    /// Returns the size of the texts in bytes.
    pub(crate) fn size(&self) -> usize {
        let texts = [&self.actor, &self.tenant];
        let texts = texts.map(|text| text.as_ref().map_or(0, String::len));
        self.request_id.len() + texts.iter().sum::<usize>()
    }
}

/// The data of a call of one hook.
#[derive(Debug, Clone)]
pub(crate) struct HookInput {
    pub(crate) hook: String,
    pub(crate) point: HookPoint,
    pub(crate) context: HookContext,
    pub(crate) values: Map<String, Value>,
    pub(crate) metadata: Vec<(String, String)>,
}

/// The result of a hook.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HookOutcome {
    /// The hook sets these values.
    Proceed(Map<String, Value>),
    Reject(Rejection),
    /// The hook reports this failure.
    Fail(String),
}

/// A question about access.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) subject: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Map<String, Value>,
}
