use std::sync::Arc;

use seaworthy_core::{Error, context};
use serde_json::{Map, Value};

use super::{
    Plugins,
    failure_policy::{check_failure_mode, check_required, late},
};
use crate::{
    hook::{HookTable, PointSet, REQUEST_TIMEOUT},
    plugin::Plugin,
    runtime::{CallError, Question},
    sandbox::CallOrigin,
};

/// A decision about access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// All plugins with the interface `policy` allow the action.
    Allow,
    /// A plugin denies the action, for this reason.
    Deny(String),
}

impl Plugins {
    /// Asks all started plugins with the interface `policy`, each with a timeout of 50 ms. All of
    /// them must allow the action. Without such a plugin the result is [`Decision::Allow`]. List
    /// plugins that must decide in `plugins.required`, and call
    /// [`declare_decisions`](Self::declare_decisions).
    ///
    /// Within a request all decisions use the plugins that were started at its first call, without
    /// those that an operator stopped since.
    ///
    /// # Errors
    /// `PLUGIN_UNAVAILABLE`: a plugin fails, and its `on_failure` is `closed`. Or a plugin has no
    /// time or thread, gets too much data, or is in `plugins.required` and is not started.
    pub async fn decide(
        &self,
        subject: &str,
        action: &str,
        resource: &str,
        context: Map<String, Value>,
    ) -> Result<Decision, Error> {
        if self.is_idle(PointSet::DECISIONS) {
            return Ok(Decision::Allow);
        }
        // The box keeps this future small.
        Box::pin(self.ask(subject, action, resource, context)).await
    }

    /// Decides by the plugins of the current request, even if no plugin decides.
    pub(super) async fn ask(
        &self,
        subject: &str,
        action: &str,
        resource: &str,
        context: Map<String, Value>,
    ) -> Result<Decision, Error> {
        let request = context::current();
        let table = self.for_request(request.as_deref());
        let origin = CallOrigin::of(request.as_deref());
        check_required(&table)?;
        for plugin in table.deciders() {
            let question = || Question {
                subject: subject.to_owned(),
                action: action.to_owned(),
                resource: resource.to_owned(),
                context: context.clone(),
            };
            let find = |table: &HookTable| {
                let mut current = table.deciders().iter();
                let current = current.find(|current| current.name() == plugin.name());
                current.map(Arc::clone)
            };
            let call = |plugin: &Arc<Plugin>| {
                let (plugin, question) = (Arc::clone(plugin), question());
                async move { plugin.decide(question, REQUEST_TIMEOUT, origin).await }
            };
            let called = self.call_started(Arc::clone(plugin), find, call).await;
            let Some((called, decided)) = called else {
                // The plugin is not started, or its current version does not decide.
                self.check_not_required(plugin.name())?;
                continue;
            };
            match decided {
                Ok(Decision::Allow) => {}
                Ok(denial @ Decision::Deny(_)) => return Ok(denial),
                Err(CallError::Cancelled) => return Err(late()),
                Err(error) => {
                    let problem = error.to_string();
                    check_failure_mode(&called, &problem, error.is_caused_by_callers())?;
                }
            }
        }
        Ok(Decision::Allow)
    }
}
