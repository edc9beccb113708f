use seaworthy_core::{Code, Error, context};
use serde_json::Map;

use super::{Decision, Plugins};
use crate::hook::PointSet;

impl Plugins {
    /// Runs a call of a client that may change data. It first asks the policies if the caller is
    /// authenticated, and then calls the hooks as [`around_business`](Self::around_business) does.
    /// The subject of the decision is the actor of the request.
    ///
    /// Call it around all such calls of a service, and declare it with
    /// [`declare_decisions`](Self::declare_decisions).
    ///
    /// # Errors
    /// `PLUGIN_REJECTED`: a policy denies the call. Otherwise those of [`decide`](Self::decide) and
    /// [`around_business`](Self::around_business).
    pub async fn around_call<T>(
        &self,
        action: &str,
        resource: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if !self.is_idle(PointSet::DECISIONS) {
            Box::pin(self.check_call(action, resource)).await?;
        }
        self.around_business(resource, work).await
    }

    /// Checks a call of an authenticated caller against the policies of plugins.
    ///
    /// # Errors
    /// A policy denies the call, or those of [`decide`](Self::decide).
    async fn check_call(&self, action: &str, resource: &str) -> Result<(), Error> {
        let request = context::current();
        let Some(actor) = request.as_deref().and_then(|request| request.actor()) else {
            return Ok(());
        };
        let decision = self.ask(actor.as_str(), action, resource, Map::new());
        match decision.await? {
            Decision::Allow => Ok(()),
            Decision::Deny(reason) => Err(denied(reason, resource)),
        }
    }
}

fn denied(reason: String, resource: &str) -> Error {
    let message = match reason.is_empty() {
        true => "a plugin denied the call".to_owned(),
        false => reason,
    };
    Error::new(Code::Forbidden, "PLUGIN_REJECTED", message)
        .with_cause(format!("a policy denied {resource}"))
}
