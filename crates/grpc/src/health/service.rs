use futures::stream;
use seaworthy_contract::MessageStream;
use seaworthy_core::{Code, Error};

use super::{
    contract::grpc::health::v1::{
        Health, HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus,
    },
    status::{Change, Changes, HealthStatus},
    watches::{OpenWatch, Watches},
};

/// Reports the health of services of this process.
#[derive(Debug)]
pub(crate) struct HealthService {
    status: HealthStatus,
    names: Vec<&'static str>,
    watches: Watches,
}

impl HealthService {
    /// Creates the service. The empty name means the whole process.
    pub(super) fn new(status: HealthStatus, names: &[&'static str]) -> Self {
        Self {
            status,
            names: [&[""], names].concat(),
            watches: Watches::default(),
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

impl Health for HealthService {
    async fn check(&self, request: HealthCheckRequest) -> Result<HealthCheckResponse, Error> {
        if self.knows(&request.service) {
            Ok(response(self.status.now()))
        } else {
            Err(Error::new(
                Code::NotFound,
                "SERVICE_UNKNOWN",
                "this service is not known: use the empty name or the name of a contract",
            ))
        }
    }

    async fn list(&self, _: HealthListRequest) -> Result<HealthListResponse, Error> {
        let now = response(self.status.now());
        let statuses = self.names.iter().map(|name| ((*name).to_owned(), now));
        Ok(HealthListResponse {
            statuses: statuses.collect(),
        })
    }

    async fn watch(
        &self,
        request: HealthCheckRequest,
    ) -> Result<MessageStream<HealthCheckResponse>, Error> {
        let watch = Watch {
            _open: self.watches.open()?,
            is_known: self.knows(&request.service),
            changes: self.status.changes(),
            has_begun: false,
        };
        Ok(Box::pin(stream::unfold(Some(watch), next)))
    }
}

/// One open call.
struct Watch {
    _open: OpenWatch,
    changes: Changes,
    is_known: bool,
    has_begun: bool,
}

impl Watch {
    /// Returns the next response, or `None` when the listener closes. For an unknown service the
    /// call stays open, as the protocol requires.
    async fn next(&mut self) -> Option<ServingStatus> {
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        match (has_begun, self.is_known) {
            (false, true) => Some(self.changes.last()),
            (false, false) => Some(ServingStatus::ServiceUnknown),
            (true, true) => match self.changes.next().await {
                Change::Status(status) => Some(status),
                Change::Closing => None,
            },
            (true, false) => {
                self.changes.closed().await;
                None
            }
        }
    }
}

async fn next(watch: Option<Watch>) -> Option<(Result<HealthCheckResponse, Error>, Option<Watch>)> {
    let mut watch = watch?;
    Some(match watch.next().await {
        Some(status) => (Ok(response(status)), Some(watch)),
        None => {
            let closing = Error::new(Code::Unavailable, "STOPPING", "the service is stopping");
            (Err(closing), None)
        }
    })
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
