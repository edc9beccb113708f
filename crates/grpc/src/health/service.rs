use futures::stream;
use seaworthy_contract::MessageStream;
use seaworthy_core::{Code, Error};

use super::{
    contract::grpc::health::v1::{
        Health, HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus,
    },
    status::HealthStatus,
};

/// Tells the health of some services, which is that of their process.
#[derive(Debug)]
pub(crate) struct HealthService {
    status: HealthStatus,
    names: Vec<&'static str>,
}

impl HealthService {
    /// The empty name means the whole process.
    pub(super) fn new(status: HealthStatus, names: &[&'static str]) -> Self {
        Self {
            status,
            names: [&[""], names].concat(),
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
                "there is no such service",
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
            is_known: self.knows(&request.service),
            status: self.status.clone(),
            told: None,
        };
        Ok(Box::pin(stream::unfold(Some(watch), next)))
    }
}

/// One open call.
struct Watch {
    status: HealthStatus,
    is_known: bool,
    told: Option<ServingStatus>,
}

impl Watch {
    /// A service that is not known stays so, and the call stays open: the interface asks for it.
    fn now(&self) -> ServingStatus {
        if self.is_known {
            self.status.now()
        } else {
            ServingStatus::ServiceUnknown
        }
    }
}

async fn next(watch: Option<Watch>) -> Option<(Result<HealthCheckResponse, Error>, Option<Watch>)> {
    let mut watch = watch?;
    let mut is_closing = false;
    loop {
        let now = watch.now();
        if watch.told != Some(now) {
            watch.told = Some(now);
            return Some((Ok(response(now)), Some(watch)));
        }
        if is_closing {
            let closing = Error::new(Code::Unavailable, "STOPPING", "the service is stopping");
            return Some((Err(closing), None));
        }
        is_closing = watch.status.is_closing().await;
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
