use axum::extract::State;
use seaworthy_core::{Code, Error};
use seaworthy_http::{Json, Path, Routes};

use super::AdminState;
use crate::worker::{RunError, UnknownWorker, WorkerReport};

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new()
        .get("/workers", list)
        .post("/workers/{name}/run", run_now)
        .post("/workers/{name}/pause", pause)
        .post("/workers/{name}/resume", resume)
}

impl From<UnknownWorker> for Error {
    fn from(error: UnknownWorker) -> Self {
        Self::new(Code::NotFound, "WORKER_NOT_FOUND", error.to_string())
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Unknown(error) => error.into(),
            RunError::OnOtherReplica(_) => {
                Self::new(Code::Conflict, "RUNS_ELSEWHERE", error.to_string())
            }
        }
    }
}

async fn list(State(state): State<AdminState>) -> Json<Vec<WorkerReport>> {
    Json(state.parts.workers.reports())
}

async fn run_now(
    State(state): State<AdminState>,
    Path(name): Path<String>,
) -> Result<Json<Vec<WorkerReport>>, Error> {
    state.parts.workers.run_now(&name)?;
    tracing::warn!(worker = name, "operator requested a run of a worker");
    Ok(Json(state.parts.workers.reports()))
}

async fn pause(
    State(state): State<AdminState>,
    Path(name): Path<String>,
) -> Result<Json<Vec<WorkerReport>>, Error> {
    state.parts.workers.pause(&name)?;
    tracing::warn!(worker = name, "operator paused a worker");
    Ok(Json(state.parts.workers.reports()))
}

async fn resume(
    State(state): State<AdminState>,
    Path(name): Path<String>,
) -> Result<Json<Vec<WorkerReport>>, Error> {
    state.parts.workers.resume(&name)?;
    tracing::warn!(worker = name, "operator resumed a worker");
    Ok(Json(state.parts.workers.reports()))
}
