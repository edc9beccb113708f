use std::fs;

use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, StartError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{Decision, Event, EventType, HookCall, HookPoint, Plugins, PluginsConfig};

/// The name of the function that decides about access.
pub(super) const DECIDE: &str = "decide";
/// The name of the function that delivers an event.
pub(super) const HANDLE: &str = "handle";

/// The name of the publisher in the events of this command.
const SOURCE: &str = "plugins run";

/// The input of a decision.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Question {
    subject: String,
    action: String,
    resource: String,
    context: Map<String, Value>,
}

/// The input of a delivery.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    #[serde(rename = "type")]
    kind: EventType,
    #[serde(default)]
    data: Map<String, Value>,
}

/// The result of a call, for the console.
struct Outcome {
    document: Value,
    /// Whether the plugin failed. A rejection or a denial is not a failure.
    is_failed: bool,
}

/// Starts a plugin and its dependencies, and calls a function of them: the hooks of a point, the
/// decisions, or the handlers of an event.
///
/// # Errors
/// - The input is not valid.
/// - A plugin cannot be loaded or started.
/// - The plugin does not have the function, or fails.
pub(super) async fn call<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    function: &str,
    input: Option<&String>,
) -> Result<(), StartError> {
    let plugins = Plugins::open(run.service, config)?;
    let called = start_and_call(&plugins, name, function, input).await;
    plugins.shut_down().await;
    let outcome = called?;
    let document = outcome.document;
    run.console.print(&format!("{document:#}"), &document);
    match outcome.is_failed {
        true => Err(StartError::new(format!(
            "the call of \"{name}\" failed: see `failed` in the output"
        ))),
        false => Ok(()),
    }
}

async fn start_and_call(
    plugins: &Plugins,
    name: &str,
    function: &str,
    input: Option<&String>,
) -> Result<Outcome, StartError> {
    load_with_dependencies(plugins, name).await?;
    plugins.start_plugin(name).await?;
    match function {
        DECIDE => decide(plugins, name, read_or_default(input)?).await,
        HANDLE => match input {
            Some(file) => handle(plugins, name, read(file)?).await,
            None => Err(StartError::new("set --input to a file with an event")),
        },
        point => call_hooks(plugins, name, point, read_or_default(input)?).await,
    }
}

async fn call_hooks(
    plugins: &Plugins,
    name: &str,
    point: &str,
    values: Map<String, Value>,
) -> Result<Outcome, StartError> {
    let mut points = HookPoint::ALL.into_iter();
    let known = points.find(|known| known.as_str() == point);
    let known = known.ok_or_else(|| {
        let points = HookPoint::ALL.map(HookPoint::as_str).join(", ");
        StartError::new(format!(
            "\"{point}\" is not a hook point: use decide, handle or one of {points}"
        ))
    })?;
    let mut hooks = plugins.get(name)?.hooks.into_iter();
    if !hooks.any(|hook| hook.point == known) {
        return Err(missing(name, &format!("hook at the point {point}")));
    }
    let call = values
        .into_iter()
        .fold(HookCall::new(), |call, (name, value)| {
            call.with_value(name, value)
        });
    Ok(match plugins.run_hooks(known, call).await {
        Ok(report) => Outcome {
            is_failed: !report.failed.is_empty(),
            document: json!({ "values": report.call.values(), "failed": report.failed }),
        },
        Err(error) => Outcome {
            is_failed: error.code() == seaworthy_core::Code::Unavailable,
            document: json!({ "rejected": error.reason(), "message": error.message() }),
        },
    })
}

async fn decide(plugins: &Plugins, name: &str, question: Question) -> Result<Outcome, StartError> {
    if !plugins.plugin(name)?.exports.policy {
        return Err(missing(name, "interface `policy`"));
    }
    let Question {
        subject,
        action,
        resource,
        context,
    } = question;
    let decision = plugins.decide(&subject, &action, &resource, context).await;
    let (document, is_failed) = match decision {
        Ok(Decision::Allow) => (json!({ "decision": "allow" }), false),
        Ok(Decision::Deny(reason)) => (json!({ "decision": "deny", "reason": reason }), false),
        Err(error) => {
            let problem = seaworthy_core::error_chain(&error).to_string();
            (json!({ "failed": problem }), true)
        }
    };
    Ok(Outcome {
        document,
        is_failed,
    })
}

async fn handle(plugins: &Plugins, name: &str, event: Delivery) -> Result<Outcome, StartError> {
    let mut handlers = plugins.get(name)?.handlers.into_iter();
    if !handlers.any(|handler| handler.types.contains(&event.kind)) {
        return Err(missing(name, &format!("handler of {}", event.kind)));
    }
    let data = event.data.into_iter();
    let event = data.fold(Event::new(event.kind, SOURCE), |event, (name, value)| {
        event.with_data(name, value)
    });
    let failed = plugins.events().publish(event).await.into_iter();
    let failed: Vec<_> = failed
        .map(|(handler, error)| (handler, error.to_string()))
        .collect();
    Ok(Outcome {
        is_failed: !failed.is_empty(),
        document: json!({ "failed": failed }),
    })
}

fn missing(name: &str, what: &str) -> StartError {
    StartError::new(format!("the plugin \"{name}\" has no {what}"))
}

/// Reads an input from a JSON file.
///
/// # Errors
/// The file cannot be read, or is not a valid input.
fn read<T: DeserializeOwned>(file: &str) -> Result<T, StartError> {
    let text = fs::read_to_string(file)
        .map_err(|error| StartError::with_cause(format!("{file} cannot be read"), error))?;
    serde_json::from_str(&text)
        .map_err(|error| StartError::with_cause(format!("{file} is not a valid input"), error))
}

fn read_or_default<T: DeserializeOwned + Default>(file: Option<&String>) -> Result<T, StartError> {
    file.map_or_else(|| Ok(T::default()), |file| read(file))
}

/// Loads and starts the dependencies of a plugin, and loads the plugin.
///
/// # Errors
/// A plugin cannot be loaded, or a dependency cannot be started.
pub(super) async fn load_with_dependencies(
    plugins: &Plugins,
    name: &str,
) -> Result<(), StartError> {
    for needed in plugins.order_for(name).await? {
        plugins.load(&needed).await?;
        if needed != name {
            plugins.start_plugin(&needed).await?;
        }
    }
    Ok(())
}
