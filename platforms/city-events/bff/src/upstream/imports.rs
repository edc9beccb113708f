use city_events_contract::event::v1::{
    CancelImportRequest, ConfirmImportRequest, CreateImportRequest, EventImport, GetImportRequest,
    GetImportResponse, ListImportsRequest, UndoImportRequest,
};
use tonic::Status;

use super::{IMPORT_TIMEOUT, TIMEOUT, Upstreams, authenticated};
use crate::caller::Caller;

/// Returns the import of a response, or an error if the response has none.
fn require_import(import: Option<EventImport>) -> Result<EventImport, Status> {
    import.ok_or_else(|| Status::internal("the response has no import"))
}

/// A change of an import by its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ImportChange {
    Confirm,
    Cancel,
    Undo,
}

impl Upstreams {
    /// Sends a CSV file. The event service checks it and stores no event.
    pub(crate) async fn create_import(
        &self,
        caller: &Caller,
        request: CreateImportRequest,
    ) -> Result<EventImport, Status> {
        let request = authenticated(caller, request, IMPORT_TIMEOUT);
        let response = self.event.clone().create_import(request).await?;
        require_import(response.into_inner().import)
    }

    /// Returns an import and its bad rows.
    pub(crate) async fn import(
        &self,
        caller: &Caller,
        id: String,
    ) -> Result<GetImportResponse, Status> {
        let request = authenticated(caller, GetImportRequest { id }, TIMEOUT);
        let response = self.event.clone().get_import(request).await?;
        Ok(response.into_inner())
    }

    /// Returns the caller's latest imports.
    pub(crate) async fn imports(&self, caller: &Caller) -> Result<Vec<EventImport>, Status> {
        let request = authenticated(caller, ListImportsRequest {}, TIMEOUT);
        let response = self.event.clone().list_imports(request).await?;
        Ok(response.into_inner().imports)
    }

    pub(crate) async fn change_import(
        &self,
        caller: &Caller,
        id: String,
        change: ImportChange,
    ) -> Result<EventImport, Status> {
        let mut client = self.event.clone();
        let import = match change {
            ImportChange::Confirm => {
                let request = authenticated(caller, ConfirmImportRequest { id }, TIMEOUT);
                client.confirm_import(request).await?.into_inner().import
            }
            ImportChange::Cancel => {
                let request = authenticated(caller, CancelImportRequest { id }, TIMEOUT);
                client.cancel_import(request).await?.into_inner().import
            }
            ImportChange::Undo => {
                let request = authenticated(caller, UndoImportRequest { id }, TIMEOUT);
                client.undo_import(request).await?.into_inner().import
            }
        };
        require_import(import)
    }
}
