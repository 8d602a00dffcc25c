# The extension says what it is in a file beside its package.
file(WRITE "${CMAKE_BINARY_DIR}/${PROJECT_NAME}.s4ext" "depends ${EXTENSION_DEPENDS}\n")
