-- name: has_database(database)$
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :database);

-- name: database_statement(database)$
-- What makes a database: to be run.
SELECT format('CREATE DATABASE %I TEMPLATE template0', :database::text);

-- name: role_statements(role, schema, password, sees_all_rows)
-- What makes a login role, or brings it up to date: to be run in the order given.
SELECT statement
  FROM (VALUES
    (1, CASE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :role::text)
             THEN format('CREATE ROLE %I', :role) END),
    (2, format('ALTER ROLE %I LOGIN %s PASSWORD %L', :role,
               CASE WHEN :sees_all_rows::bool THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
               :password::text)),
    (3, format('ALTER ROLE %I SET search_path = %I', :role, :schema::text))
  ) AS statements (position, statement)
 WHERE statement IS NOT NULL
 ORDER BY position;

-- name: schema_statement(schema, owner)$
-- What makes a schema: to be run.
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', :schema::text, :owner::text);

-- name: grant_statements(schema, owner, app, system)
-- What lets a service's other two roles use what its owner will create, in the order given.
SELECT statement
  FROM (VALUES
    (1, format('GRANT USAGE ON SCHEMA %I TO %I, %I', :schema::text, :app::text, :system::text)),
    (2, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
               :owner::text, :schema, :app)),
    (3, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I'
               ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', :owner, :schema, :system)),
    (4, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I'
               ' GRANT USAGE ON SEQUENCES TO %I', :owner, :schema, :system)),
    (5, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I'
               ' GRANT EXECUTE ON FUNCTIONS TO %I', :owner, :schema, :system))
  ) AS statements (position, statement)
 ORDER BY position;
