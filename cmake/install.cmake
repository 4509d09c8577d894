# What a package takes: the program, what it prints of itself (tools/manuals, tools/sbom), and routes to copy.
if(TARGET corridor)
  install(TARGETS corridor RUNTIME)
endif()
install(FILES conf/schema.json conf/routes.schema.json conf/deidentify.yaml
  DESTINATION share/corridor)
install(DIRECTORY routes DESTINATION share/corridor)
install(FILES conf/convert.yaml DESTINATION share/corridor/conf)
install(DIRECTORY conf/convert DESTINATION share/corridor/conf)
install(DIRECTORY ${CMAKE_BINARY_DIR}/manuals/ DESTINATION share OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/sbom.cdx.json DESTINATION share/doc/corridor OPTIONAL)
