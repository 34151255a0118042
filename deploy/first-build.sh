# To be sourced, in the folder of the package: `first_build` has the options of a first `swift build`, and is empty for
# later ones; `first_build_environment` has variables for it. Call as
#
#   env "${first_build_environment[@]}" swift build "${first_build[@]}"
#
# A first build compiles everything, so each module is compiled as a whole: with one pass over its files, without debug
# information, without a check of LLVM's code, and without an index of the system's modules. That takes three quarters
# of the time. A later build compiles what has changed, file by file. Other options would compile everything anew, so a
# plain `swift build` in the folder is followed by builds without these options. Only a plain build writes files named
# `.swiftdeps`.

first_build=()
first_build_environment=()
if compgen -G '.build/debug/Primitives.build/*.swiftdeps' >/dev/null; then return 0; fi

first_build=(-debug-info-format none)
for option in -whole-module-optimization -disable-batch-mode -num-threads 2 -no-emit-module-separately-wmo \
    -index-ignore-system-modules -index-ignore-clang-modules -Xfrontend -disable-llvm-verify; do
    first_build+=(-Xswiftc "$option")
done

# `deploy/frontend` calls the compiler. The compiler's libraries are looked for beside it, so a link leads to them; what
# is built names their own folder. Without the place of the compiler, the build calls the compiler itself.
resources=$(swiftc -print-target-info 2>/dev/null | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p') || resources=
if [[ -x $resources/../../bin/swift-frontend ]]; then
    mkdir -p .build/first-build/bin
    ln -sfn "$(dirname "$resources")" .build/first-build/lib
    ln -sf "$PWD/deploy/frontend" .build/first-build/bin/swift-frontend
    first_build+=(-Xswiftc -resource-dir -Xswiftc "$resources")
    first_build_environment=("SWIFT_DRIVER_SWIFT_FRONTEND_EXEC=$PWD/.build/first-build/bin/swift-frontend")
fi
