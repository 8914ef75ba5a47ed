# The few commands. All of them are plain cargo; nothing here is needed to work on the project.

# Everything that a change must pass.
check:
    .ci/run

# The workloads of docs/performance.md, with a store in a file and full durability.
bench *workload:
    cargo run --release --example bench -- {{workload}}

# The slow suites in their long form.
long:
    DUROXIDE_LONG=1 cargo test --release --workspace --all-features

# Writes down anew what the compiler says to wrong programs; read it before you commit it.
ui:
    TRYBUILD=overwrite cargo test -p ui-tests -p ui-tests-manifest
