use std::time::Duration;

use seaworthy_core::{Error, context};
use serde_json::{Map, Value};

use super::{
    Plugins,
    calls::{MAX_STOPS, check_failure_mode, check_required},
};
use crate::runtime::{Fault, Question};

/// The timeout of a decision, so that a slow plugin delays requests only briefly.
const TIMEOUT: Duration = Duration::from_millis(50);

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
    /// plugins that must decide in `plugins.required`.
    ///
    /// Within a request all decisions use the plugins that were started at its first call, without
    /// those that an operator stopped since.
    ///
    /// # Errors
    /// `PLUGIN_UNAVAILABLE`: a plugin fails, and its `on_failure` is `closed`, or a plugin of
    /// `plugins.required` is not started.
    pub async fn decide(
        &self,
        subject: &str,
        action: &str,
        resource: &str,
        context: Map<String, Value>,
    ) -> Result<Decision, Error> {
        let table = self.of_request(context::current().as_deref());
        check_required(&table)?;
        for plugin in table.deciders() {
            let question = || Question {
                subject: subject.to_owned(),
                action: action.to_owned(),
                resource: resource.to_owned(),
                context: context.clone(),
            };
            let mut decided = plugin.decide(question(), TIMEOUT).await;
            for _ in 0..MAX_STOPS {
                if decided != Err(Fault::Stopped) {
                    break;
                }
                // The version stopped after this request found it.
                let table = self.0.hooks.load_full();
                let mut current = table.deciders().iter();
                decided = match current.find(|current| current.name() == plugin.name()) {
                    Some(current) => current.decide(question(), TIMEOUT).await,
                    // The plugin is not started, or its current version does not decide.
                    None => {
                        self.check_not_required(plugin.name())?;
                        Ok(Decision::Allow)
                    }
                };
            }
            match decided {
                Ok(Decision::Allow) => {}
                Ok(denial @ Decision::Deny(_)) => return Ok(denial),
                Err(fault) => check_failure_mode(plugin, &fault.to_string())?,
            }
        }
        Ok(Decision::Allow)
    }
}
