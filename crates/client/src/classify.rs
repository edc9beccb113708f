use http::Response;
use seaworthy_resilience::{Classify, ClassifyHttp, Outcome};

use crate::ClientError;

/// What an attempt says about the dependency: answers by their status, errors by whose fault they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassifyClient;

impl<B> Classify<Response<B>, ClientError> for ClassifyClient {
    fn classify(&self, result: Result<&Response<B>, &ClientError>) -> Outcome {
        match result {
            Ok(response) => ClassifyHttp.classify(Ok::<_, &ClientError>(response)),
            Err(
                ClientError::Connect { .. }
                | ClientError::Exchange { .. }
                | ClientError::TimedOut { .. },
            ) => Outcome::TRANSIENT,
            // Our own guard and our own mistakes say nothing about the dependency.
            Err(_) => Outcome::Neutral,
        }
    }
}
