use http::Response;
use seaworthy_resilience::{Classify, ClassifyHttp, Outcome, circuit_breaker::DeferredReport};

use crate::{ClientError, connect::is_connection_refused};

/// Classifies responses by their status and errors by their cause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassifyClient;

impl<B> Classify<Response<B>, ClientError> for ClassifyClient {
    const DEFERS: bool = true;

    fn classify(&self, result: Result<&Response<B>, &ClientError>) -> Outcome {
        match result {
            Ok(response) => ClassifyHttp.classify(Ok::<_, &ClientError>(response)),
            Err(error) => of_error(error),
        }
    }

    /// The end of the body decides.
    fn defer(&self, response: &mut Response<B>, report: DeferredReport) -> Option<DeferredReport> {
        report.insert_into(response);
        None
    }
}

/// Classifies an error. Limits and invalid requests of this client do not count as failures of the
/// dependency.
pub(crate) fn of_error(error: &ClientError) -> Outcome {
    match error {
        ClientError::Connect { source, .. } if is_connection_refused(&**source) => {
            Outcome::Unreachable
        }
        ClientError::Connect { .. }
        | ClientError::Exchange { .. }
        | ClientError::TimedOut { .. } => Outcome::TRANSIENT,
        _ => Outcome::Neutral,
    }
}
