//! The command `dead-letters` of a service binary (MSG-3).

mod arguments;
mod text;
mod work;

use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, ServiceCommand, StartError};
use work::{discard, groups, list, replay, show};

use crate::{
    DeadLetters, Engine, Messaging, MessagingConfig, Topic, Topics, dead_letters::Selection,
};

/// Creates the command `dead-letters list|groups|show|replay|discard` of a service binary. It uses
/// the broker with this name and these settings. Without `--topic` it reads the dead letters of
/// `topics`.
///
/// ```
/// use seaworthy_messaging::{MessagingConfig, Topics, dead_letters_command};
/// use seaworthy_service::Commands;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct OrdersConfig { broker: MessagingConfig }
///
/// let topics = || Topics::new().with_topic("order.created");
/// let commands = Commands::<OrdersConfig>::new()
///     .with(dead_letters_command("broker", |settings| &settings.broker, topics));
/// # drop(commands);
/// ```
pub fn dead_letters_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> &MessagingConfig,
    topics: fn() -> Topics,
) -> ServiceCommand<C> {
    ServiceCommand::new(arguments::definition(), move |run| {
        Box::pin(dead_letters(run, name, config, topics))
    })
}

async fn dead_letters<C: Settings>(
    run: CommandRun<'_, C>,
    name: &'static str,
    config: fn(&C) -> &MessagingConfig,
    topics: fn() -> Topics,
) -> Result<(), StartError> {
    let config = config(run.service.settings());
    if config.url.engine() == Engine::Memory {
        return Err(StartError::new(
            "the broker is in the memory of the service: use the admin listener of the service to read its dead letters",
        ));
    }
    let Some((subcommand, arguments)) = run.arguments.subcommand() else {
        return Ok(());
    };
    let known = topics()
        .plan()
        .map_err(|error| StartError::with_cause("a topic of the command is not valid", error))?;
    let known = known.into_iter().map(|plan| plan.topic).collect();
    let topics: Vec<Topic> = match arguments.get_many("topic") {
        Some(topics) => topics.cloned().collect(),
        None => known,
    };
    if topics.is_empty() {
        return Err(StartError::new("the service has no topics: set --topic"));
    }
    let messaging = Messaging::connect(run.service, name, config).await?;
    let Some(letters) = messaging.dead_letters() else {
        return Err(StartError::new(
            "messaging is disabled: its setting `enabled` is false",
        ));
    };
    let request = Request {
        letters,
        console: run.console,
        selection: arguments::selection(arguments, topics)?,
    };
    match subcommand {
        "groups" => groups(&request).await,
        "show" => show(&request, arguments.get_flag("payload")).await,
        "replay" => replay(&request, &arguments::replay(arguments)).await,
        "discard" => discard(&request, arguments.get_flag("dry-run")).await,
        _ => list(&request).await,
    }
}

/// The context of a subcommand.
struct Request {
    letters: DeadLetters,
    console: seaworthy_service::Console,
    selection: Selection,
}
