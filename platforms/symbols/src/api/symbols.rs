use seaworthy::prelude::*;

use crate::contract::service::symbols::v1::{
    CreateSymbolRequest, CreateSymbolResponse, DeleteSymbolRequest, DeleteSymbolResponse,
    GetSymbolRequest, GetSymbolResponse, ListSymbolsRequest, ListSymbolsResponse, SymbolsService,
    UpdateSymbolRequest, UpdateSymbolResponse,
};
use crate::{
    domain::{Filter, Page},
    store::Store,
};

/// Implements the methods. The contract has validated all requests.
#[derive(Debug)]
pub(crate) struct Symbols {
    store: Store,
}

impl Symbols {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }
}

impl SymbolsService for Symbols {
    async fn create_symbol(
        &self,
        request: CreateSymbolRequest,
    ) -> Result<CreateSymbolResponse, Error> {
        let (attributes, data) = request.into();
        let symbol = self.store.create(attributes, data).await?;
        Ok(CreateSymbolResponse {
            symbol: Some(symbol.into()),
        })
    }

    async fn get_symbol(&self, request: GetSymbolRequest) -> Result<GetSymbolResponse, Error> {
        let symbol = self.store.get(request.id).await?;
        Ok(GetSymbolResponse {
            symbol: Some(symbol.into()),
        })
    }

    async fn update_symbol(
        &self,
        request: UpdateSymbolRequest,
    ) -> Result<UpdateSymbolResponse, Error> {
        let id = request.id;
        let (attributes, data) = request.into();
        let symbol = self.store.update(id, attributes, &data).await?;
        Ok(UpdateSymbolResponse {
            symbol: Some(symbol.into()),
        })
    }

    async fn delete_symbol(
        &self,
        request: DeleteSymbolRequest,
    ) -> Result<DeleteSymbolResponse, Error> {
        self.store.delete(request.id).await?;
        Ok(DeleteSymbolResponse { success: true })
    }

    async fn list_symbols(
        &self,
        request: ListSymbolsRequest,
    ) -> Result<ListSymbolsResponse, Error> {
        let page = Page::new(request.offset, request.limit);
        let filter = Filter {
            label: request.label,
            component_target: request.component_target,
        };
        let listed = self.store.list(request.project_id, &filter, page).await?;
        Ok(listed.into())
    }
}
