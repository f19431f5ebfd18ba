use super::*;
use crate::suggest::key::{Key, key, plain, port_key, port_keys};
use crate::suggest::passwords::without_passwords;

/// `host:port` of each address, `host~port` where the scheme implies the port.
fn texts(text: &str) -> String {
    let one = |a: &Address| match (a.port, a.implied_port()) {
        (Some(port), _) => format!("{}:{port}", a.host),
        (None, Some(port)) => format!("{}~{port}", a.host),
        (None, None) => a.host.clone(),
    };
    let all: Vec<String> = addresses(text).iter().map(one).collect();
    all.join(" ")
}

#[test]
fn what_is_a_host_and_what_is_not() {
    let cases = [
        // Hosts.
        ("db", "db"),
        ("db:5432", "db:5432"),
        ("db.data", "db.data"),
        ("db.data:5432", "db.data:5432"),
        ("db.data.svc", "db.data.svc"),
        (
            "db.data.svc.cluster.local.:5432",
            "db.data.svc.cluster.local:5432",
        ),
        (
            "db-0.db.data.svc.cluster.local",
            "db-0.db.data.svc.cluster.local",
        ),
        ("  \"db:5432\" ", "db:5432"),
        ("10.96.0.7:80", "10.96.0.7:80"),
        ("[2001:db8::1]:443", "2001:db8::1:443"),
        ("2001:db8::1", "2001:db8::1"),
        // URLs.
        ("http://api", "api~80"),
        ("https://api.stripe.com/v1?x=a,b", "api.stripe.com~443"),
        ("http://api:8080/health", "api:8080"),
        ("HTTP://API:8080", "api:8080"),
        (
            "postgres://app:pa:ss@db:5433/shop?sslmode=disable",
            "db:5433",
        ),
        ("postgresql+asyncpg://app@db/shop", "db~5432"),
        ("jdbc:postgresql://db/shop", "db~5432"),
        ("jdbc:sqlserver://db:1433;databaseName=x", "db:1433"),
        ("mysql://db", "db~3306"),
        ("redis://:secret@cache/0", "cache~6379"),
        ("amqp://guest:guest@mq/vhost", "mq~5672"),
        (
            "mongodb://m-0.m,m-1.m:27018/x?replicaSet=a,b",
            "m-0.m~27017 m-1.m:27018",
        ),
        (
            "mongodb+srv://cluster0.abc.mongodb.net/x",
            "cluster0.abc.mongodb.net",
        ),
        ("grpc://api", "api"),
        ("dns:///api:9090", "api:9090"),
        ("PLAINTEXT://k1:9092,PLAINTEXT://k2:9092", "k1:9092 k2:9092"),
        ("postgres://$(USER):$(PASSWORD)@db:5432/x", "db:5432"),
        // Lists.
        ("k1:9092,k2:9092", "k1:9092 k2:9092"),
        ("k1:9092 k2:9092", "k1:9092 k2:9092"),
        ("cache:6379,password=x,ssl=False", "cache:6379"),
        ("a, b", "a b"),
        ("[\"k1:9092\", \"k2:9092\"]", "k1:9092 k2:9092"),
        ("http://a:1;http://b:2", "a:1 b:2"),
        // Connection strings.
        ("host=db port=5432 user=app dbname=x", "db:5432"),
        ("Server=db,1433;Database=x;User Id=sa", "db:1433"),
        ("app:secret@tcp(db:3306)/shop", "db:3306"),
        ("Host=db;Port=5432;Database=x;Password=y", "db:5432"),
        ("Data Source=db:1521/X;User Id=y", "db:1521"),
        ("Server=db\\X;Database=y", "db"),
        ("Host=a,b;Port=1;Database=y", "a:1 b:1"),
        ("jdbc:oracle:thin:@db:1521/X", "db:1521"),
        ("jdbc:oracle:thin:@//db:1522/X", "db:1522"),
        ("jdbc:oracle:thin:@db:1521:X", "db:1521"),
        ("redis,password=x,ssl=False", "redis~6379"),
        // Members of clusters.
        ("0@k-0.k:9093,1@k-1.k:9093", "k-0.k:9093 k-1.k:9093"),
        (
            "server.1=z-0.z:2888:3888;2181 server.2=z-1.z:2888:3888;2181",
            "z-0.z:2888 z-0.z:3888 z-1.z:2888 z-1.z:3888",
        ),
        ("z-0.z:2888:3888", "z-0.z:2888 z-0.z:3888"),
        ("http://m-{0...3}.m.s.svc:9000/data", "m-0.m.s.svc:9000"),
        // In longer texts.
        (
            "until nc -z db.data.svc 5432; do sleep 1; done",
            "db.data.svc",
        ),
        ("curl -s http://api:8080/health && echo ok", "api:8080"),
        ("exec web --upstream=http://api:8080", "api:8080"),
        (
            "see db.data.svc.cluster.local:5432.",
            "db.data.svc.cluster.local:5432",
        ),
        (
            "java -Dhttp.nonProxyHosts=a.b.svc|c.d.svc -Dx=http://api:8080",
            "api:8080",
        ),
        // What is not.
        ("", ""),
        ("connect to db and api", ""),
        ("db api", ""),
        ("wait for db:5432 please", ""),
        ("web, api and db", ""),
        ("DEBUG", ""),
        ("true", "true"),
        ("8080", ""),
        (":8080", ""),
        ("12:30", ""),
        ("1.2.3", ""),
        ("redis:6.2", ""),
        ("db:0", ""),
        ("db:70000", ""),
        ("db:+80", ""),
        ("ghcr.io/acme/web:1.2", ""),
        ("10.0.0.0/8", ""),
        ("/var/run/app.sock", ""),
        ("unix:///var/run/app.sock", ""),
        ("file:///etc/app.yaml", ""),
        ("s3://bucket/key", ""),
        ("http://$(HOST)/", ""),
        ("http://", ""),
        ("a_b:80", ""),
        ("-db:80", ""),
        ("user@example.com", ""),
        ("django.core.mail.backends.smtp.EmailBackend", ""),
        ("# http://api:8080\n", ""),
        ("{\"a\": 1}", ""),
        ("*", ""),
        ("text with http://", ""),
    ];
    assert!(cases.len() >= 40);
    for (text, wanted) in cases {
        assert_eq!(texts(text), wanted, "{text}");
    }
}

#[test]
fn domain_names_are_outside_the_cluster() {
    for name in [
        "api.stripe.com",
        "example.com",
        "a.de",
        "x.rds.amazonaws.com",
        "db.corp",
    ] {
        assert!(is_domain(name, true), "{name}");
        assert!(is_domain(name, false), "{name}");
    }
    for name in [
        "db",
        "db.data",
        "db.data.svc",
        "a.b.svc.cluster.local",
        "app.yaml",
        "localhost",
        "printer.local",
    ] {
        assert!(!is_domain(name, true), "{name}");
        assert!(!is_domain(name, false), "{name}");
    }
    for name in ["cms.envs.tutor.production", "kafka.security.authorizer"] {
        assert!(!is_domain(name, true), "{name}");
        assert!(is_domain(name, false), "{name}");
    }
}

#[test]
fn keys_tell_what_their_values_are() {
    for name in [
        "DB_HOST",
        "PGHOST",
        "dbHost",
        "db.host",
        "redis-addr",
        "API_URL",
        "KAFKA_BROKERS",
        "proxy_pass",
        "HostName",
        "DB_HOST_1",
    ] {
        assert_eq!(key(name), Key::Host, "{name}");
    }
    for name in [
        "DB_USER",
        "APP_NAME",
        "DB_TYPE",
        "dbName",
        "db.username",
        "POSTGRES_DB",
    ] {
        assert_eq!(key(name), Key::Other, "{name}");
    }
    for name in ["CACHE", "REDIS", "", "--"] {
        assert_eq!(key(name), Key::Unclear, "{name}");
    }
}

#[test]
fn ports_are_beside_their_hosts() {
    let has = |host: &str, port: &str| port_keys(host).contains(&plain(port));
    assert!(has("DB_HOST", "DB_PORT"));
    assert!(has("PGHOST", "PGPORT"));
    assert!(has("db.host", "db.port"));
    assert!(has("db-address", "db-port"));
    assert!(has("REDIS", "REDIS_PORT"));
    assert!(has("socket_address.address", "socket_address.port_value"));
    let options = |host: &str, port: &str| port_keys(host).contains(&port_key(port));
    assert!(options("-h", "-p") && options("--host", "--port") && !options("--host", "PORT"));
    assert!(options("--db-host", "--db-port"));
    assert!(!has("HOST", "PORT"));
    assert!(!has("DB_HOST", "PORT"));
}

#[test]
fn passwords_are_not_repeated() {
    for (text, wanted) in [
        (
            "postgres://app:s3@c/ret@db/x",
            "postgres://app:***@c/ret@db/x",
        ),
        ("postgres://app:hunter2@db/x", "postgres://app:***@db/x"),
        ("a://u:p@h, b://:q@i", "a://u:***@h, b://:***@i"),
        ("app:hunter2@tcp(db:3306)/x", "app:***@tcp(db:3306)/x"),
        (
            "host=db password=hunter2 port=1",
            "host=db password=*** port=1",
        ),
        ("Server=db;Pwd=hunter2", "Server=db;Pwd=***"),
        ("http://db/?token=x&a=b", "http://db/?token=***&a=b"),
        ("db:5432", "db:5432"),
        ("app:hunter2@db:3306", "app:***@db:3306"),
        (
            "{\"host\":\"db\",\"password\":\"hunter2\",\"port\":1}",
            "{\"host\":\"db\",\"password\":\"***\",\"port\":1}",
        ),
        ("{host: db, token: hunter2}", "{host: db, token: ***}"),
        (
            "curl -u app:hunter2 http://api:80",
            "curl -u app:*** http://api:80",
        ),
        ("curl -uapp:hunter2 http://api", "curl -uapp:*** http://api"),
        (
            "curl -H \"Authorization: Bearer hunter2\" http://api",
            "curl -H \"Authorization: Bearer ***\" http://api",
        ),
        (
            "curl -H 'X-Api-Key: hunter2' http://api",
            "curl -H 'X-Api-Key: ***' http://api",
        ),
        ("mysql -h db -phunter2", "mysql -h db -p***"),
        (
            "mysql -h db --password hunter2",
            "mysql -h db --password ***",
        ),
        (
            "mysql -h db --password=hunter2",
            "mysql -h db --password=***",
        ),
        ("psql -h db -p 5432", "psql -h db -p 5432"),
        ("redis-cli -h db -a hunter2", "redis-cli -h db -a ***"),
        (
            "PGPASSWORD='hunt er2' psql -h db",
            "PGPASSWORD='***' psql -h db",
        ),
        ("DB_PASS: hunter2", "DB_PASS: ***"),
        ("proxy_pass: http://api", "proxy_pass: http://api"),
    ] {
        assert_eq!(without_passwords(text), wanted);
        assert!(!without_passwords(text).contains("hunter2"));
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}", short in "[a-z0-9:/@.,;= \\[\\]$()-]{0,40}") {
        for text in [text, short] {
            let found = addresses(&text);
            for address in &found {
                proptest::prop_assert!(!address.host.is_empty());
                is_domain(&address.host, address.is_bare());
            }
            without_passwords(&text);
            key(&text);
            port_keys(&text);
        }
    }
}
