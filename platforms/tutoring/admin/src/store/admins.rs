use std::collections::BTreeMap;

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{AdminRole, Territory};
use tutoring_identity::{from_text, locked, territory};
use uuid::Uuid;

use crate::domain::{Admin, Status, errors};

/// Returns the text of a statement that reads admins.
macro_rules! statement {
    (locked $rest:literal) => {
        locked!("SELECT id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, last_login_at, created_at, updated_at FROM admin_users ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, last_login_at, created_at, updated_at FROM admin_users ", $($rest),+)
    };
}

/// The condition of [`AdminFilter`]. An absent value matches every admin.
macro_rules! filtered {
    ($start:literal, $end:literal) => {
        concat!(
            $start,
            " WHERE (? = 0 OR status = ?) AND (? = 0 OR lower(state) = ?) AND (? = 0 OR lower(district) = ?)
             AND (? = 0 OR lower(zone) = ?) AND (? = 0 OR lower(locality) = ?) ",
            $end
        )
    };
}

/// Statements on admins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admins;

/// A condition on admins.
#[derive(Debug, Clone, Default)]
pub(crate) struct AdminFilter {
    pub(crate) status: Option<Status>,
    pub(crate) within: Territory,
}

impl AdminFilter {
    /// Returns each value twice: whether it counts, and the value.
    fn values(&self) -> impl Iterator<Item = (i64, String)> + '_ {
        let status = self.status.map(|status| status.as_str().to_owned());
        let place = &self.within;
        let levels = [&place.state, &place.district, &place.zone, &place.locality];
        let places = levels.map(|name| name.as_ref().map(|name| name.to_lowercase()));
        std::iter::once(status)
            .chain(places)
            .map(|value| (i64::from(value.is_some()), value.unwrap_or_default()))
    }
}

impl FromRow for Admin {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            email: Personal::new(row.get("email")?),
            full_name: Personal::new(row.get("full_name")?),
            password_hash: Secret::new(row.get("password_hash")?),
            status: from_text(row, "status")?,
            admin_type: from_text(row, "admin_type")?,
            parent: row.get("parent_admin_id")?,
            territory: territory(row, "state")?,
            roles: Vec::new(),
            granted: Vec::new(),
            last_login_at: row.get("last_login_at")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

impl Admins {
    /// Inserts a new admin with its roles.
    ///
    /// # Errors
    /// `CONFLICT` if another admin has the address.
    pub(crate) async fn insert(tx: &Transaction, admin: &Admin) -> Result<(), Error> {
        let place = &admin.territory;
        let inserted = sql!("INSERT INTO admin_users (id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, created_at, updated_at)
             VALUES ({admin.id}, {admin.email.expose()}, {admin.full_name.expose()}, {admin.password_hash.expose()}, {admin.status.as_str()}, {admin.admin_type.as_str()}, {admin.parent}, {place.state.clone()}, {place.district.clone()}, {place.zone.clone()}, {place.locality.clone()}, {admin.created_at}, {admin.updated_at})")
            .execute(tx)
            .await;
        match inserted {
            Err(error) if error.is_unique_violation() => return Err(errors::email_taken()),
            other => other?,
        };
        Ok(Self::insert_roles(tx, admin.id, &admin.roles).await?)
    }

    async fn insert_roles(
        tx: &Transaction,
        id: Uuid,
        roles: &[AdminRole],
    ) -> Result<(), DataError> {
        if roles.is_empty() {
            return Ok(());
        }
        let now = Utc::now();
        let rows = roles
            .iter()
            .map(|role| [id.into(), role.as_str().into(), now.into()]);
        sql("INSERT INTO admin_user_roles (admin_id, role, created_at) VALUES (?, ?, ?)**")
            .bind_rows(rows)
            .apply(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Admin>, DataError> {
        let admin = statement!("WHERE id = {id}");
        let admin = admin.fetch_optional(connection).await?;
        Self::with_roles(connection, admin).await
    }

    pub(crate) async fn by_email(
        connection: &dyn Connection,
        email: &str,
    ) -> Result<Option<Admin>, DataError> {
        let admin = statement!("WHERE email = {email}");
        let admin = admin.fetch_optional(connection).await?;
        Self::with_roles(connection, admin).await
    }

    /// Returns admins, and locks their rows until the transaction ends. It locks in the order of
    /// IDs, so concurrent calls do not deadlock.
    pub(crate) async fn lock(tx: &Transaction, ids: &[Uuid]) -> Result<Vec<Admin>, DataError> {
        let admins = statement!(locked "WHERE id IN (?*) ORDER BY id")
            .bind_list(ids.iter().copied())
            .fetch_all(tx)
            .await?;
        Self::with_all_roles(tx, admins).await
    }

    /// Returns a page of admins with their number, the newest first.
    pub(crate) async fn list(
        connection: &dyn Connection,
        filter: &AdminFilter,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Admin>, u64), DataError> {
        let mut count = sql(filtered!("SELECT COUNT(*) FROM admin_users", ""));
        let mut page = sql(filtered!(
            "SELECT id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, last_login_at, created_at, updated_at FROM admin_users",
            "ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
        ));
        for (counts, value) in filter.values() {
            count = count.bind(counts).bind(value.clone());
            page = page.bind(counts).bind(value);
        }
        let (total,): (u64,) = count.fetch_one(connection).await?;
        let admins = page.bind(limit).bind(offset).fetch_all(connection).await?;
        Ok((Self::with_all_roles(connection, admins).await?, total))
    }

    async fn with_roles(
        connection: &dyn Connection,
        admin: Option<Admin>,
    ) -> Result<Option<Admin>, DataError> {
        let admins = Self::with_all_roles(connection, admin.into_iter().collect()).await?;
        Ok(admins.into_iter().next())
    }

    /// Adds the roles and permissions of admins.
    async fn with_all_roles(
        connection: &dyn Connection,
        mut admins: Vec<Admin>,
    ) -> Result<Vec<Admin>, DataError> {
        if admins.is_empty() {
            return Ok(admins);
        }
        let rows: Vec<(Uuid, String, Option<String>)> = sql(
            "SELECT r.admin_id, r.role, p.permission FROM admin_user_roles r
                 LEFT JOIN admin_role_permissions p ON p.role = r.role
                 WHERE r.admin_id IN (?*) ORDER BY r.admin_id, r.role, p.permission",
        )
        .bind_list(admins.iter().map(|admin| admin.id))
        .fetch_all(connection)
        .await?;
        let mut by_id: BTreeMap<Uuid, &mut Admin> =
            admins.iter_mut().map(|admin| (admin.id, admin)).collect();
        for (id, role, permission) in rows {
            let unknown = |_| DataError::unexpected_value("the role is unknown");
            let role = role.parse().map_err(unknown)?;
            let Some(admin) = by_id.get_mut(&id) else {
                continue;
            };
            if !admin.roles.contains(&role) {
                admin.roles.push(role);
            }
            admin.granted.extend(permission);
        }
        for admin in &mut admins {
            admin.granted.sort_unstable();
            admin.granted.dedup();
        }
        Ok(admins)
    }

    /// Stores the name, the status, the type and the territory of an admin.
    pub(crate) async fn update(tx: &Transaction, admin: &Admin) -> Result<(), DataError> {
        let place = &admin.territory;
        sql!("UPDATE admin_users SET full_name = {admin.full_name.expose()}, status = {admin.status.as_str()}, admin_type = {admin.admin_type.as_str()}, state = {place.state.clone()}, district = {place.district.clone()}, zone = {place.zone.clone()}, locality = {place.locality.clone()}, updated_at = {Utc::now()} WHERE id = {admin.id}")
            .apply(tx)
            .await
    }

    /// Replaces the roles of an admin.
    pub(crate) async fn set_roles(
        tx: &Transaction,
        id: Uuid,
        roles: &[AdminRole],
    ) -> Result<(), DataError> {
        sql!("DELETE FROM admin_user_roles WHERE admin_id = {id}")
            .execute(tx)
            .await?;
        Self::insert_roles(tx, id, roles).await
    }

    /// Stores a new hash, if the stored one is still `previous`. Returns whether it was.
    pub(crate) async fn replace_hash(
        connection: &dyn Connection,
        id: Uuid,
        previous: &str,
        hash: &str,
    ) -> Result<bool, DataError> {
        sql!("UPDATE admin_users SET password_hash = {hash}, updated_at = {Utc::now()} WHERE id = {id} AND password_hash = {previous}")
            .changes(connection)
            .await
    }

    pub(crate) async fn record_login(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<(), DataError> {
        sql!("UPDATE admin_users SET last_login_at = {Utc::now()} WHERE id = {id}")
            .apply(connection)
            .await
    }
}
