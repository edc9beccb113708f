use std::sync::Arc;

use seaworthy_config::Settings;
use seaworthy_contract::ContractConfig;
use seaworthy_core::{Code, Error, context};
use seaworthy_grpc::Contracts;
use seaworthy_service::Assembly;

use super::{
    contract::flagd::{
        evaluation::{v1, v2},
        sync::v1::FlagSyncServiceContract,
    },
    errors::FlagdErrors,
    events::Streams,
};
use crate::Flags;

/// Serves the flags of a service to clients in other languages, over the gRPC APIs of flagd:
/// `flagd.evaluation.v1`, `flagd.evaluation.v2` and `flagd.sync.v1`.
///
/// ```no_run
/// use seaworthy_flags::{FlagServer, Flags, FlagsConfig};
/// use seaworthy_grpc::Contracts;
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
///     let flags = Flags::start(service, &FlagsConfig::default()).await?;
///     let server = FlagServer::with_scope(&flags, "flags:read");
///     server.add_to(service, Contracts::new()).serve(service)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct FlagServer {
    pub(super) flags: Flags,
    pub(super) streams: Streams,
    /// The scope that callers need. `None`: every caller may read every flag.
    scope: Option<Arc<str>>,
}

impl FlagServer {
    /// Serves the flags to callers with a scope.
    #[must_use]
    pub fn with_scope(flags: &Flags, scope: &str) -> Self {
        Self {
            scope: Some(scope.into()),
            ..Self::public(flags)
        }
    }

    /// Serves the flags to every caller. Use it in a network of trusted clients, because most
    /// providers cannot send credentials.
    #[must_use]
    pub fn public(flags: &Flags) -> Self {
        Self {
            flags: flags.clone(),
            streams: Streams::new(),
            scope: None,
        }
    }

    /// Adds the APIs to the contracts of a service. Open streams end when its listeners close.
    pub fn add_to<C: Settings>(self, service: &Assembly<C>, contracts: Contracts) -> Contracts {
        service.component(self.streams.clone());
        let config = || ContractConfig::default().with_errors(FlagdErrors);
        contracts
            .with_calls(v1::ServiceContract::with_config(self.clone(), config()))
            .with_calls(v2::ServiceContract::with_config(self.clone(), config()))
            .with_calls(FlagSyncServiceContract::with_config(self, config()))
    }

    /// Rejects callers without the scope.
    pub(super) fn permit(&self) -> Result<(), Error> {
        let Some(scope) = &self.scope else {
            return Ok(());
        };
        context::with_current(|request| match request {
            Some(request) if request.grants().has_scope(scope) => Ok(()),
            Some(request) if request.actor().is_some() => {
                let message = format!("reading flags needs the scope {scope}");
                Err(Error::new(Code::Forbidden, "MISSING_SCOPE", message))
            }
            _ => {
                let message = "reading flags requires credentials: send an access token";
                Err(Error::new(
                    Code::Unauthenticated,
                    "UNAUTHENTICATED",
                    message,
                ))
            }
        })
    }
}
