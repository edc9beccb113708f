use http::Response;
use seaworthy_resilience::{Classify, ClassifyHttp, Outcome, circuit_breaker::LateReport};

use crate::{ClientError, connect::is_refused};

/// What an attempt says about the dependency: answers by their status, errors by whose fault they are.
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

    /// The body of the answer has the last word.
    fn defer(&self, response: &mut Response<B>, report: LateReport) -> Option<LateReport> {
        report.send_with(response);
        None
    }
}

/// Whose fault an error is: our own guard, our own bounds and our own mistakes say nothing about the dependency.
pub(crate) fn of_error(error: &ClientError) -> Outcome {
    match error {
        ClientError::Connect { source, .. } if is_refused(&**source) => Outcome::Unreachable,
        ClientError::Connect { .. }
        | ClientError::Exchange { .. }
        | ClientError::TimedOut { .. } => Outcome::TRANSIENT,
        _ => Outcome::Neutral,
    }
}
