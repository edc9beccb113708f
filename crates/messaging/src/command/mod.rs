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

/// The command `dead-letters list|groups|show|replay|discard` of a service binary: looks at the messages that no consumer could handle, publishes them again, throws them
/// away. They are of the broker of this name, with these settings; `topics` are those that are looked at where no `--topic` is given.
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
/// let topics = || Topics::new().and_topic("order.created");
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
            "the broker is in the memory of the service: ask its admin listener for its dead letters",
        ));
    }
    let Some((what, given)) = run.arguments.subcommand() else {
        return Ok(());
    };
    let known = topics()
        .plan()
        .map_err(|error| StartError::because("a topic cannot be looked at", error))?;
    let known = known.into_iter().map(|plan| plan.topic).collect();
    let topics: Vec<Topic> = match given.get_many("topic") {
        Some(topics) => topics.cloned().collect(),
        None => known,
    };
    if topics.is_empty() {
        return Err(StartError::new("no topic is known: name one with --topic"));
    }
    let messaging = Messaging::connect(run.service, name, config).await?;
    let Some(letters) = messaging.dead_letters() else {
        return Err(StartError::new("messages are switched off by the settings"));
    };
    let asked = Asked {
        letters,
        console: run.console,
        selection: arguments::selection(given, topics)?,
    };
    match what {
        "groups" => groups(&asked).await,
        "show" => show(&asked, given.get_flag("payload")).await,
        "replay" => replay(&asked, &arguments::replay(given)).await,
        "discard" => discard(&asked, given.get_flag("dry-run")).await,
        _ => list(&asked).await,
    }
}

/// What all of them need.
struct Asked {
    letters: DeadLetters,
    console: seaworthy_service::Console,
    selection: Selection,
}
