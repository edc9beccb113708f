//! Statements on admins.

use std::collections::BTreeMap;

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{AdminRole, CheckedPage, Page, Territory};
use tutoring_identity::{levels, optional, paged};

use crate::domain::{Admin, Status, errors};

// Returns the text of a statement that reads admins.
statements! { statement: "SELECT id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, last_login_at, created_at, updated_at FROM admin_users " }

/// Inserts a new admin with its roles.
///
/// # Errors
/// `CONFLICT` if another admin has the address.
pub(crate) async fn insert(tx: &Transaction, admin: &Admin) -> Result<(), Error> {
    let place = &admin.territory;
    let inserted = sql!("INSERT INTO admin_users (id, email, full_name, password_hash, status, admin_type, parent_admin_id, state, district, zone, locality, created_at, updated_at)
         VALUES ({admin.id}, {admin.email.expose()}, {admin.full_name.expose()}, {admin.password_hash.expose()}, {admin.status.as_str()}, {admin.admin_type.as_str()}, {admin.parent_admin_id}, {place.state.clone()}, {place.district.clone()}, {place.zone.clone()}, {place.locality.clone()}, {admin.created_at}, {admin.updated_at})")
        .execute(tx)
        .await;
    match inserted {
        Err(error) if error.is_unique_violation() => return Err(errors::email_taken()),
        other => other?,
    };
    Ok(insert_roles(tx, admin.id, &admin.roles).await?)
}

async fn insert_roles(tx: &Transaction, id: Uuid, roles: &[AdminRole]) -> DataResult<()> {
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

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Admin>> {
    let admin = statement!(sql, "WHERE id = {id}");
    let admins = admin.fetch_all(connection).await?;
    let admins = with_roles(connection, admins).await?;
    Ok(admins.into_iter().next())
}

/// Returns the ID of the admin with this e-mail address.
pub(crate) async fn id_of(connection: &dyn Connection, email: &str) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM admin_users WHERE email = {email}")
        .fetch_optional(connection)
        .await
}

/// Returns admins, and locks their rows until the transaction ends. It locks in the order of
/// IDs, so concurrent calls do not deadlock.
pub(crate) async fn lock(tx: &Transaction, ids: &[Uuid]) -> DataResult<Vec<Admin>> {
    let admins = statement!(locked, "WHERE id IN (?*) ORDER BY id")
        .bind_list(ids.iter().copied())
        .fetch_all(tx)
        .await?;
    with_roles(tx, admins).await
}

/// Returns whether there is an admin.
pub(crate) async fn exist(connection: &dyn Connection) -> DataResult<bool> {
    sql("SELECT id FROM admin_users LIMIT 1")
        .exists(connection)
        .await
}

/// Returns a page of the admins in a territory, the newest first.
pub(crate) async fn list(
    connection: &dyn Connection,
    status: Option<Status>,
    within: &Territory,
    page: CheckedPage,
) -> DataResult<Page<Admin>> {
    let (by_status, status) = optional(status.map(Status::as_str));
    // An absent level matches every admin.
    let [state, district, zone, locality] = &levels(within);
    let mut found: Page<Admin> = statement!(paged, "WHERE ({by_status} = 0 OR status = {status}) AND ({state.0} = 0 OR lower(state) = {&state.1}) AND ({district.0} = 0 OR lower(district) = {&district.1})
         AND ({zone.0} = 0 OR lower(zone) = {&zone.1}) AND ({locality.0} = 0 OR lower(locality) = {&locality.1})"; "ORDER BY created_at DESC, id DESC", page)
        .fetch(connection)
        .await?;
    found.items = with_roles(connection, found.items).await?;
    Ok(found)
}

/// Adds the roles and permissions of admins.
async fn with_roles(connection: &dyn Connection, mut admins: Vec<Admin>) -> DataResult<Vec<Admin>> {
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
pub(crate) async fn update(tx: &Transaction, admin: &Admin) -> DataResult<()> {
    let place = &admin.territory;
    sql!("UPDATE admin_users SET full_name = {admin.full_name.expose()}, status = {admin.status.as_str()}, admin_type = {admin.admin_type.as_str()}, state = {place.state.clone()}, district = {place.district.clone()}, zone = {place.zone.clone()}, locality = {place.locality.clone()}, updated_at = {Utc::now()} WHERE id = {admin.id}")
        .apply(tx)
        .await
}

/// Replaces the roles of an admin.
pub(crate) async fn set_roles(tx: &Transaction, id: Uuid, roles: &[AdminRole]) -> DataResult<()> {
    sql!("DELETE FROM admin_user_roles WHERE admin_id = {id}")
        .execute(tx)
        .await?;
    insert_roles(tx, id, roles).await
}

/// Stores a new hash, if the stored one is still `previous`. Returns whether it was.
pub(crate) async fn replace_hash(
    connection: &dyn Connection,
    id: Uuid,
    previous: &str,
    hash: &str,
) -> DataResult<bool> {
    sql!("UPDATE admin_users SET password_hash = {hash}, updated_at = {Utc::now()} WHERE id = {id} AND password_hash = {previous}")
        .changes(connection)
        .await
}

pub(crate) async fn record_login(connection: &dyn Connection, id: Uuid) -> DataResult<()> {
    sql!("UPDATE admin_users SET last_login_at = {Utc::now()} WHERE id = {id}")
        .apply(connection)
        .await
}
