define i64 @taylor.steps.resume(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds i64, ptr %frame, i64 5
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr inbounds i64, ptr %frame, i64 9
  %v9 = load i64, ptr %v8, align 8
  %v10 = mul i64 %v2, 0
  %v11 = getelementptr inbounds float, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds float, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds float, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds float, ptr %v7, i64 %v15
  %v17 = getelementptr inbounds i64, ptr %frame, i64 4
  %v18 = load ptr, ptr %v17, align 8
  %v19 = getelementptr inbounds i64, ptr %frame, i64 6
  %v20 = load ptr, ptr %v19, align 8
  %v21 = getelementptr inbounds i64, ptr %frame, i64 2
  %v22 = load ptr, ptr %v21, align 8
  %v23 = getelementptr inbounds i64, ptr %frame, i64 3
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 11
  %v26 = load i64, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 13
  %v28 = load double, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 12
  %v30 = load i64, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 10
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 1
  %v34 = load ptr, ptr %v33, align 8
  %v35 = getelementptr inbounds float, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds float, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds float, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds float, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds float, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  %v45 = getelementptr inbounds i64, ptr %control, i64 36
  %v46 = load i64, ptr %v45, align 8
  %v47 = getelementptr inbounds i64, ptr %control, i64 22
  %v48 = load i64, ptr %v47, align 8
  %v49 = icmp sle i64 %v46, %v48
  %v50 = load i64, ptr %v47, align 8
  %v51 = load double, ptr %control, align 8
  %v52 = getelementptr inbounds i64, ptr %control, i64 17
  %v53 = load double, ptr %v52, align 8
  %v54 = select i1 %v49, double %v51, double %v53
  store double %v54, ptr %v52, align 8
  %v55 = getelementptr inbounds i64, ptr %control, i64 1
  %v56 = load double, ptr %v55, align 8
  %v57 = getelementptr inbounds i64, ptr %control, i64 18
  %v58 = load double, ptr %v57, align 8
  %v59 = select i1 %v49, double %v56, double %v58
  store double %v59, ptr %v57, align 8
  %v60 = getelementptr inbounds i64, ptr %control, i64 24
  %v61 = load i64, ptr %v60, align 8
  %v62 = getelementptr inbounds i64, ptr %control, i64 37
  %v63 = load i64, ptr %v62, align 8
  %v64 = select i1 %v49, i64 %v61, i64 %v63
  store i64 %v64, ptr %v62, align 8
  %v65 = add i64 %v50, %v30
  %v66 = load i64, ptr %v45, align 8
  %v67 = select i1 %v49, i64 %v65, i64 %v66
  store i64 %v67, ptr %v45, align 8
  %v68 = getelementptr inbounds i64, ptr %control, i64 23
  %v69 = load i64, ptr %v68, align 8
  %v70 = load i64, ptr %v45, align 8
  %v71 = icmp sgt i64 %v69, %v50
  %v72 = icmp slt i64 %v69, %v70
  %v73 = and i1 %v71, %v72
  %v74 = select i1 %v73, i64 %v69, i64 %v70
  %v75 = getelementptr inbounds i64, ptr %control, i64 35
  store i64 %v74, ptr %v75, align 8
  ret i64 -11
step44:
  ret i64 -10
begin43:
  ret i64 -9
}
define i64 @taylor.steps.check(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds i64, ptr %frame, i64 5
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr inbounds i64, ptr %frame, i64 9
  %v9 = load i64, ptr %v8, align 8
  %v10 = mul i64 %v2, 0
  %v11 = getelementptr inbounds float, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds float, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds float, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds float, ptr %v7, i64 %v15
  %v17 = getelementptr inbounds i64, ptr %frame, i64 4
  %v18 = load ptr, ptr %v17, align 8
  %v19 = getelementptr inbounds i64, ptr %frame, i64 6
  %v20 = load ptr, ptr %v19, align 8
  %v21 = getelementptr inbounds i64, ptr %frame, i64 2
  %v22 = load ptr, ptr %v21, align 8
  %v23 = getelementptr inbounds i64, ptr %frame, i64 3
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 11
  %v26 = load i64, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 13
  %v28 = load double, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 12
  %v30 = load i64, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 10
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 1
  %v34 = load ptr, ptr %v33, align 8
  %v35 = getelementptr inbounds float, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds float, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds float, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds float, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds float, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  br label %while45
while45:
  %v48 = phi i64 [ 0, %entry ], [ %v59, %do46 ]
  %v49 = phi double [ 0x0000000000000000, %entry ], [ %v58, %do46 ]
  %v50 = icmp slt i64 %v48, %v2
  br i1 %v50, label %do46, label %done47
do46:
  %v51 = getelementptr inbounds float, ptr %v11, i64 %v48
  %v52 = load float, ptr %v51, align 4
  %v53 = fpext float %v52 to double
  %v54 = call double @llvm.fma.f64(double %v53, double 0x0000000000000000, double %v49)
  %v55 = getelementptr inbounds float, ptr %v35, i64 %v48
  %v56 = load float, ptr %v55, align 4
  %v57 = fpext float %v56 to double
  %v58 = call double @llvm.fma.f64(double %v57, double 0x0000000000000000, double %v54)
  %v59 = add i64 %v48, 1
  br label %while45
done47:
  %v60 = fcmp une double %v49, 0x0000000000000000
  %v61 = xor i1 %v60, true
  %v62 = getelementptr inbounds i64, ptr %control, i64 21
  %v63 = load i64, ptr %v62, align 8
  %v64 = icmp ne i64 %v63, 0
  %v65 = or i1 %v61, %v64
  %v66 = xor i1 %v65, true
  br i1 %v66, label %again67, label %stay68
again67:
  %v69 = getelementptr inbounds i64, ptr %control, i64 26
  %v70 = load i64, ptr %v69, align 8
  %v71 = add i64 %v70, 1
  %v72 = icmp sgt i64 %v71, 40
  br i1 %v72, label %leave73, label %stay74
leave73:
  ret i64 3
stay74:
  store i64 %v71, ptr %v69, align 8
  %v75 = fmul double %v42, 0x3EB0000000000000
  store double %v75, ptr %v41, align 8
  br label %step44
stay68:
  br i1 %v64, label %check76, label %checked77
check76:
  %v78 = getelementptr inbounds i64, ptr %control, i64 6
  %v79 = load double, ptr %v78, align 8
  %v80 = bitcast double %v79 to i64
  %v81 = and i64 %v80, 9223372036854775807
  %v82 = bitcast i64 %v81 to double
  %v83 = getelementptr inbounds i64, ptr %frame, i64 14
  %v84 = load double, ptr %v83, align 8
  %v85 = getelementptr inbounds i64, ptr %control, i64 12
  %v86 = load double, ptr %v85, align 8
  %v87 = fdiv double %v82, %v42
  %v88 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v89 = bitcast double %v87 to i64
  %v90 = and i64 %v89, 9223372036854775807
  %v91 = bitcast i64 %v90 to double
  %v92 = fmul double %v88, %v91
  %v93 = fcmp ogt double %v86, %v92
  %v94 = select i1 %v93, double %v86, double %v92
  %v95 = getelementptr inbounds i64, ptr %control, i64 15
  %v96 = load double, ptr %v95, align 8
  %v97 = call double @llvm.fma.f64(double %v94, double %v96, double 0x07B0000000000000)
  %v98 = fcmp ole double %v84, %v97
  %v99 = and i1 %v61, %v98
  %v100 = xor i1 %v61, true
  %v101 = zext i1 %v100 to i64
  %v102 = getelementptr inbounds i64, ptr %control, i64 25
  store i64 %v101, ptr %v102, align 8
  %v103 = xor i1 %v99, true
  br i1 %v103, label %again104, label %stay105
again104:
  br label %while106
while106:
  %v109 = phi i64 [ 0, %again104 ], [ %v114, %do107 ]
  %v110 = icmp slt i64 %v109, %v2
  br i1 %v110, label %do107, label %done108
do107:
  %v111 = getelementptr inbounds float, ptr %v35, i64 %v109
  %v112 = getelementptr inbounds float, ptr %v37, i64 %v109
  %v113 = load float, ptr %v112, align 4
  store float %v113, ptr %v111, align 4
  %v114 = add i64 %v109, 1
  br label %while106
done108:
  br label %while115
while115:
  %v118 = phi i64 [ 0, %done108 ], [ %v123, %do116 ]
  %v119 = icmp slt i64 %v118, %v2
  br i1 %v119, label %do116, label %done117
do116:
  %v120 = getelementptr inbounds float, ptr %v36, i64 %v118
  %v121 = getelementptr inbounds float, ptr %v38, i64 %v118
  %v122 = load float, ptr %v121, align 4
  store float %v122, ptr %v120, align 4
  %v123 = add i64 %v118, 1
  br label %while115
done117:
  %v124 = getelementptr inbounds i64, ptr %control, i64 4
  %v125 = load double, ptr %v124, align 8
  store double %v125, ptr %control, align 8
  %v126 = getelementptr inbounds i64, ptr %control, i64 5
  %v127 = load double, ptr %v126, align 8
  %v128 = getelementptr inbounds i64, ptr %control, i64 1
  store double %v127, ptr %v128, align 8
  %v129 = load double, ptr %v78, align 8
  %v130 = bitcast double %v129 to i64
  %v131 = and i64 %v130, 9223372036854775807
  %v132 = bitcast i64 %v131 to double
  %v133 = fmul double %v132, 0x3FE0000000000000
  %v134 = getelementptr inbounds i64, ptr %control, i64 10
  store double %v133, ptr %v134, align 8
  %v135 = getelementptr inbounds i64, ptr %control, i64 9
  store double %v133, ptr %v135, align 8
  store i64 0, ptr %v62, align 8
  %v136 = getelementptr inbounds i64, ptr %control, i64 24
  %v137 = load i64, ptr %v136, align 8
  %v138 = add i64 %v137, 1
  store i64 %v138, ptr %v136, align 8
  %v139 = load i64, ptr %v136, align 8
  %v140 = getelementptr inbounds i64, ptr %control, i64 37
  %v141 = load i64, ptr %v140, align 8
  %v142 = sub i64 %v139, %v141
  %v143 = icmp sge i64 %v142, 2048
  %v144 = getelementptr inbounds i64, ptr %control, i64 22
  %v145 = load i64, ptr %v144, align 8
  %v146 = add i64 %v145, 1
  %v147 = getelementptr inbounds i64, ptr %control, i64 36
  %v148 = load i64, ptr %v147, align 8
  %v149 = select i1 %v143, i64 %v146, i64 %v148
  store i64 %v149, ptr %v147, align 8
  %v150 = getelementptr inbounds i64, ptr %control, i64 35
  %v151 = load i64, ptr %v150, align 8
  %v152 = select i1 %v143, i64 %v146, i64 %v151
  store i64 %v152, ptr %v150, align 8
  br label %step44
stay105:
  %v153 = getelementptr inbounds i64, ptr %control, i64 32
  %v154 = load i64, ptr %v153, align 8
  %v155 = icmp ne i64 %v154, 0
  br i1 %v155, label %then156, label %else157
then156:
  %v159 = load ptr, ptr %v153, align 8
  %v160 = getelementptr inbounds i64, ptr %control, i64 33
  %v161 = load ptr, ptr %v160, align 8
  %v162 = getelementptr inbounds i64, ptr %control, i64 27
  %v163 = load i64, ptr %v162, align 8
  %v164 = mul i64 %v163, %v32
  %v165 = getelementptr inbounds double, ptr %v22, i64 %v164
  %v166 = call i64 %v159(ptr %control, ptr %v161, ptr %v35, ptr %v36, ptr %v165, ptr %v34)
  br label %endif158
else157:
  br label %endif158
endif158:
  %v167 = phi i64 [ %v166, %then156 ], [ 0, %else157 ]
  %v168 = icmp eq i64 %v167, 16
  %v169 = icmp eq i64 %v167, 17
  %v170 = or i1 %v168, %v169
  br i1 %v170, label %leave171, label %stay172
leave171:
  ret i64 %v167
stay172:
  store i64 0, ptr %v62, align 8
  %v173 = getelementptr inbounds i64, ptr %control, i64 26
  store i64 0, ptr %v173, align 8
  %v174 = getelementptr inbounds i64, ptr %control, i64 10
  store double 0x7FF0000000000000, ptr %v174, align 8
  %v175 = load double, ptr %v78, align 8
  %v176 = bitcast double %v175 to i64
  %v177 = and i64 %v176, 9223372036854775807
  %v178 = bitcast i64 %v177 to double
  %v179 = fcmp ogt double %v178, 0x0000000000000000
  br i1 %v179, label %then180, label %endif182
then180:
  %v183 = getelementptr inbounds i64, ptr %control, i64 13
  %v184 = load double, ptr %v183, align 8
  %v185 = fcmp olt double %v178, %v184
  %v186 = load double, ptr %v183, align 8
  %v187 = select i1 %v185, double %v178, double %v186
  store double %v187, ptr %v183, align 8
  %v188 = getelementptr inbounds i64, ptr %control, i64 14
  %v189 = load double, ptr %v188, align 8
  %v190 = fcmp ogt double %v178, %v189
  %v191 = load double, ptr %v188, align 8
  %v192 = select i1 %v190, double %v178, double %v191
  store double %v192, ptr %v188, align 8
  %v193 = getelementptr inbounds i64, ptr %control, i64 29
  %v194 = load i64, ptr %v193, align 8
  %v195 = icmp ne i64 %v194, 0
  br i1 %v195, label %then196, label %endif198
then196:
  %v199 = getelementptr inbounds i64, ptr %control, i64 27
  %v200 = load i64, ptr %v199, align 8
  %v201 = mul i64 %v200, %v32
  %v202 = getelementptr inbounds double, ptr %v22, i64 %v201
  %v203 = load double, ptr %v78, align 8
  %v204 = getelementptr inbounds double, ptr %v202, i64 3
  store double %v203, ptr %v204, align 8
  %v205 = getelementptr inbounds i64, ptr %control, i64 30
  %v206 = load i64, ptr %v205, align 8
  %v207 = getelementptr inbounds i64, ptr %control, i64 31
  %v208 = load i64, ptr %v207, align 8
  %v209 = icmp slt i64 %v206, %v208
  br i1 %v209, label %then210, label %endif212
then210:
  %v213 = getelementptr inbounds i64, ptr %control, i64 34
  %v214 = load i64, ptr %v213, align 8
  %v215 = inttoptr i64 %v214 to ptr
  call void %v215(ptr %control, ptr %v202, ptr %v24, ptr %v35, i64 %v26, i64 %v2)
  br label %endif212
endif212:
  %v216 = icmp eq i64 %v194, 1
  %v217 = zext i1 %v216 to i64
  %v218 = load i64, ptr %v199, align 8
  %v219 = add i64 %v218, %v217
  store i64 %v219, ptr %v199, align 8
  br label %endif198
endif198:
  %v220 = getelementptr inbounds i64, ptr %control, i64 22
  %v221 = load i64, ptr %v220, align 8
  %v222 = add i64 %v221, 1
  store i64 %v222, ptr %v220, align 8
  br label %endif182
endif182:
  %v223 = icmp eq i64 %v167, 18
  %v224 = icmp eq i64 %v167, 19
  %v225 = icmp eq i64 %v167, 20
  %v226 = or i1 %v223, %v224
  %v227 = or i1 %v226, %v225
  br i1 %v227, label %leave228, label %stay229
leave228:
  ret i64 %v167
stay229:
  %v230 = getelementptr inbounds i64, ptr %control, i64 29
  %v231 = load i64, ptr %v230, align 8
  %v232 = icmp eq i64 %v231, 1
  %v233 = getelementptr inbounds i64, ptr %control, i64 27
  %v234 = load i64, ptr %v233, align 8
  %v235 = getelementptr inbounds i64, ptr %control, i64 28
  %v236 = load i64, ptr %v235, align 8
  %v237 = icmp eq i64 %v234, %v236
  %v238 = and i1 %v232, %v237
  br i1 %v238, label %leave239, label %stay240
leave239:
  ret i64 2
stay240:
  %v241 = getelementptr inbounds i64, ptr %control, i64 22
  %v242 = load i64, ptr %v241, align 8
  %v243 = getelementptr inbounds i64, ptr %control, i64 35
  %v244 = load i64, ptr %v243, align 8
  %v245 = icmp eq i64 %v242, %v244
  %v246 = getelementptr inbounds i64, ptr %control, i64 2
  %v247 = load double, ptr %v246, align 8
  %v248 = load double, ptr %control, align 8
  %v249 = fsub double %v247, %v248
  %v250 = getelementptr inbounds i64, ptr %control, i64 3
  %v251 = load double, ptr %v250, align 8
  %v252 = getelementptr inbounds i64, ptr %control, i64 1
  %v253 = load double, ptr %v252, align 8
  %v254 = fsub double %v251, %v253
  %v255 = fadd double %v249, %v254
  %v256 = fcmp oeq double %v255, 0x0000000000000000
  %v257 = xor i1 %v256, true
  %v258 = and i1 %v245, %v257
  br i1 %v258, label %look259, label %stay260
look259:
  %v261 = getelementptr inbounds i64, ptr %control, i64 36
  %v262 = load i64, ptr %v261, align 8
  %v263 = load i64, ptr %v241, align 8
  %v264 = icmp sle i64 %v262, %v263
  %v265 = getelementptr inbounds i64, ptr %control, i64 24
  %v266 = load i64, ptr %v265, align 8
  %v267 = getelementptr inbounds i64, ptr %control, i64 37
  %v268 = load i64, ptr %v267, align 8
  %v269 = sub i64 %v266, %v268
  %v270 = icmp sge i64 %v269, 2048
  %v271 = load double, ptr %control, align 8
  %v272 = getelementptr inbounds i64, ptr %control, i64 17
  %v273 = load double, ptr %v272, align 8
  %v274 = fsub double %v271, %v273
  %v275 = load double, ptr %v252, align 8
  %v276 = getelementptr inbounds i64, ptr %control, i64 18
  %v277 = load double, ptr %v276, align 8
  %v278 = fsub double %v275, %v277
  %v279 = fadd double %v274, %v278
  %v280 = bitcast double %v279 to i64
  %v281 = and i64 %v280, 9223372036854775807
  %v282 = bitcast i64 %v281 to double
  %v283 = getelementptr inbounds i64, ptr %control, i64 16
  %v284 = load double, ptr %v283, align 8
  %v285 = getelementptr inbounds i64, ptr %control, i64 14
  %v286 = load double, ptr %v285, align 8
  %v287 = fcmp ogt double %v284, %v286
  %v288 = select i1 %v287, double %v284, double %v286
  %v289 = load double, ptr %v246, align 8
  %v290 = load double, ptr %control, align 8
  %v291 = fsub double %v289, %v290
  %v292 = load double, ptr %v250, align 8
  %v293 = load double, ptr %v252, align 8
  %v294 = fsub double %v292, %v293
  %v295 = fadd double %v291, %v294
  %v296 = bitcast double %v295 to i64
  %v297 = and i64 %v296, 9223372036854775807
  %v298 = bitcast i64 %v297 to double
  %v299 = fcmp olt double %v298, %v288
  %v300 = select i1 %v299, double %v298, double %v288
  %v301 = select i1 %v270, double 0x3EB0000000000000, double 0x3EF0000000000000
  %v302 = fmul double %v300, %v301
  %v303 = fcmp olt double %v282, %v302
  %v304 = and i1 %v264, %v303
  %v305 = xor i1 %v304, true
  %v306 = and i1 %v264, %v305
  %v307 = load i64, ptr %v241, align 8
  %v308 = load double, ptr %control, align 8
  %v309 = load double, ptr %v272, align 8
  %v310 = select i1 %v306, double %v308, double %v309
  store double %v310, ptr %v272, align 8
  %v311 = load double, ptr %v252, align 8
  %v312 = load double, ptr %v276, align 8
  %v313 = select i1 %v306, double %v311, double %v312
  store double %v313, ptr %v276, align 8
  %v314 = load i64, ptr %v265, align 8
  %v315 = load i64, ptr %v267, align 8
  %v316 = select i1 %v306, i64 %v314, i64 %v315
  store i64 %v316, ptr %v267, align 8
  %v317 = add i64 %v307, %v30
  %v318 = load i64, ptr %v261, align 8
  %v319 = select i1 %v306, i64 %v317, i64 %v318
  store i64 %v319, ptr %v261, align 8
  %v320 = getelementptr inbounds i64, ptr %control, i64 23
  %v321 = load i64, ptr %v320, align 8
  %v322 = load i64, ptr %v261, align 8
  %v323 = icmp sgt i64 %v321, %v307
  %v324 = icmp slt i64 %v321, %v322
  %v325 = and i1 %v323, %v324
  %v326 = select i1 %v325, i64 %v321, i64 %v322
  store i64 %v326, ptr %v243, align 8
  br i1 %v304, label %leave327, label %stay328
leave327:
  ret i64 4
stay328:
  %v329 = load i64, ptr %v241, align 8
  %v330 = load i64, ptr %v320, align 8
  %v331 = icmp eq i64 %v329, %v330
  br i1 %v331, label %leave332, label %stay333
leave332:
  ret i64 1
stay333:
  br label %stay260
stay260:
  %v335 = icmp eq i64 %v167, 21
  br i1 %v335, label %begin43, label %stay334
stay334:
  br label %checked77
checked77:
  %v336 = getelementptr inbounds i64, ptr %control, i64 2
  %v337 = load double, ptr %v336, align 8
  %v338 = load double, ptr %control, align 8
  %v339 = fsub double %v337, %v338
  %v340 = getelementptr inbounds i64, ptr %control, i64 3
  %v341 = load double, ptr %v340, align 8
  %v342 = getelementptr inbounds i64, ptr %control, i64 1
  %v343 = load double, ptr %v342, align 8
  %v344 = fsub double %v341, %v343
  %v345 = fadd double %v339, %v344
  %v346 = fcmp oeq double %v345, 0x0000000000000000
  br i1 %v346, label %leave347, label %stay348
leave347:
  ret i64 0
stay348:
  %v349 = getelementptr inbounds i64, ptr %control, i64 9
  %v350 = load double, ptr %v349, align 8
  %v351 = fcmp oeq double %v350, 0x0000000000000000
  %v352 = getelementptr inbounds i64, ptr %control, i64 26
  %v353 = load i64, ptr %v352, align 8
  %v354 = icmp eq i64 %v353, 0
  %v355 = and i1 %v351, %v354
  br i1 %v355, label %again356, label %stay357
again356:
  %v358 = call  double @taylor.largest(ptr %v35, i64 %v2)
  %v359 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v360 = fmul double %v358, %v42
  %v361 = fdiv double %v360, %v359
  %v362 = fcmp ogt double %v358, 0x0000000000000000
  %v363 = fcmp ogt double %v359, 0x0000000000000000
  %v364 = and i1 %v362, %v363
  %v365 = fcmp olt double %v361, 0x7FF0000000000000
  %v366 = and i1 %v364, %v365
  %v367 = bitcast double %v345 to i64
  %v368 = and i64 %v367, 9223372036854775807
  %v369 = bitcast i64 %v368 to double
  %v370 = fcmp olt double %v369, 0x7830000000000000
  %v371 = select i1 %v370, double %v369, double 0x3FF0000000000000
  %v372 = fmul double %v371, 0x3F50000000000000
  %v373 = select i1 %v366, double %v361, double %v372
  %v374 = bitcast double %v373 to i64
  %v375 = and i64 %v374, 9218868437227405312
  %v376 = bitcast i64 %v375 to double
  store double %v376, ptr %v41, align 8
  store i64 1, ptr %v352, align 8
  br label %step44
stay357:
  ret i64 -11
step44:
  ret i64 -10
begin43:
  ret i64 -9
}
define internal double @taylor.largest(ptr %x0, i64 %x1) nounwind noinline {
entry:
  br label %while1
while1:
  %v4 = phi i64 [ 0, %entry ], [ %v15, %do2 ]
  %v5 = phi double [ 0x0000000000000000, %entry ], [ %v14, %do2 ]
  %v6 = icmp slt i64 %v4, %x1
  br i1 %v6, label %do2, label %done3
do2:
  %v7 = getelementptr inbounds float, ptr %x0, i64 %v4
  %v8 = load float, ptr %v7, align 4
  %v9 = fpext float %v8 to double
  %v10 = bitcast double %v9 to i64
  %v11 = and i64 %v10, 9223372036854775807
  %v12 = bitcast i64 %v11 to double
  %v13 = fcmp ogt double %v12, %v5
  %v14 = select i1 %v13, double %v12, double %v5
  %v15 = add i64 %v4, 1
  br label %while1
done3:
  ret double %v5
}
define i64 @taylor.steps.measure(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds i64, ptr %frame, i64 5
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr inbounds i64, ptr %frame, i64 9
  %v9 = load i64, ptr %v8, align 8
  %v10 = mul i64 %v2, 0
  %v11 = getelementptr inbounds float, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds float, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds float, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds float, ptr %v7, i64 %v15
  %v17 = getelementptr inbounds i64, ptr %frame, i64 4
  %v18 = load ptr, ptr %v17, align 8
  %v19 = getelementptr inbounds i64, ptr %frame, i64 6
  %v20 = load ptr, ptr %v19, align 8
  %v21 = getelementptr inbounds i64, ptr %frame, i64 2
  %v22 = load ptr, ptr %v21, align 8
  %v23 = getelementptr inbounds i64, ptr %frame, i64 3
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 11
  %v26 = load i64, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 13
  %v28 = load double, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 12
  %v30 = load i64, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 10
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 1
  %v34 = load ptr, ptr %v33, align 8
  %v35 = getelementptr inbounds float, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds float, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds float, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds float, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds float, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  br label %while45
while45:
  %v48 = phi i64 [ 0, %entry ], [ %v59, %do46 ]
  %v49 = phi double [ 0x0000000000000000, %entry ], [ %v58, %do46 ]
  %v50 = icmp slt i64 %v48, %v2
  br i1 %v50, label %do46, label %done47
do46:
  %v51 = getelementptr inbounds float, ptr %v12, i64 %v48
  %v52 = load float, ptr %v51, align 4
  %v53 = fpext float %v52 to double
  %v54 = call double @llvm.fma.f64(double %v53, double 0x0000000000000000, double %v49)
  %v55 = getelementptr inbounds float, ptr %v14, i64 %v48
  %v56 = load float, ptr %v55, align 4
  %v57 = fpext float %v56 to double
  %v58 = call double @llvm.fma.f64(double %v57, double 0x0000000000000000, double %v54)
  %v59 = add i64 %v48, 1
  br label %while45
done47:
  %v60 = fcmp une double %v49, 0x0000000000000000
  %v61 = xor i1 %v60, true
  %v62 = xor i1 %v61, true
  br i1 %v62, label %again63, label %stay64
again63:
  %v65 = getelementptr inbounds i64, ptr %control, i64 26
  %v66 = load i64, ptr %v65, align 8
  %v67 = add i64 %v66, 1
  %v68 = icmp sgt i64 %v67, 40
  br i1 %v68, label %leave69, label %stay70
leave69:
  ret i64 3
stay70:
  store i64 %v67, ptr %v65, align 8
  %v71 = fmul double %v42, 0x3EB0000000000000
  store double %v71, ptr %v41, align 8
  br label %step44
stay64:
  %v72 = getelementptr inbounds i64, ptr %control, i64 2
  %v73 = load double, ptr %v72, align 8
  %v74 = load double, ptr %control, align 8
  %v75 = fsub double %v73, %v74
  %v76 = getelementptr inbounds i64, ptr %control, i64 3
  %v77 = load double, ptr %v76, align 8
  %v78 = getelementptr inbounds i64, ptr %control, i64 1
  %v79 = load double, ptr %v78, align 8
  %v80 = fsub double %v77, %v79
  %v81 = fadd double %v75, %v80
  %v82 = bitcast double %v81 to i64
  %v83 = and i64 %v82, 9223372036854775807
  %v84 = bitcast i64 %v83 to double
  %v85 = fcmp olt double %v84, 0x7830000000000000
  %v86 = select i1 %v85, double %v84, double 0x3FF0000000000000
  %v87 = getelementptr inbounds i64, ptr %control, i64 9
  %v88 = load double, ptr %v87, align 8
  %v89 = fdiv double %v88, %v42
  %v90 = call  double @taylor.largest(ptr %v35, i64 %v2)
  %v91 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v92 = bitcast double %v89 to i64
  %v93 = and i64 %v92, 9223372036854775807
  %v94 = bitcast i64 %v93 to double
  %v95 = fmul double %v91, %v94
  %v96 = fcmp ogt double %v90, %v95
  %v97 = select i1 %v96, double %v90, double %v95
  %v98 = getelementptr inbounds i64, ptr %control, i64 12
  store double %v97, ptr %v98, align 8
  %v99 = call  double @taylor.largest(ptr %v12, i64 %v2)
  %v100 = call  double @taylor.largest(ptr %v14, i64 %v2)
  %v101 = getelementptr inbounds i64, ptr %control, i64 19
  store double %v99, ptr %v101, align 8
  %v102 = getelementptr inbounds i64, ptr %control, i64 20
  store double %v100, ptr %v102, align 8
  %v103 = fcmp ogt double %v97, 0x0000000000000000
  %v104 = fcmp olt double %v97, 0x0DF0000000000000
  %v105 = and i1 %v103, %v104
  %v106 = select i1 %v105, double 0x71F0000000000000, double 0x3FF0000000000000
  %v107 = fmul double %v99, %v106
  %v108 = fcmp oeq double %v107, 0x0000000000000000
  %v109 = fmul double %v100, %v106
  %v110 = fcmp oeq double %v109, 0x0000000000000000
  %v111 = and i1 %v108, %v110
  %v112 = getelementptr inbounds i64, ptr %control, i64 29
  %v113 = load i64, ptr %v112, align 8
  %v114 = icmp ne i64 %v113, 0
  %v115 = or i1 %v114, %v111
  %v116 = select i1 %v115, i64 -12, i64 -11
  ret i64 %v116
step44:
  ret i64 -10
begin43:
  ret i64 -9
}
define i64 @taylor.steps.choose(ptr noalias %control, ptr noalias %frame) nounwind {
entry:
  %v1 = getelementptr inbounds i64, ptr %frame, i64 7
  %v2 = load i64, ptr %v1, align 8
  %v3 = load ptr, ptr %frame, align 8
  %v4 = getelementptr inbounds i64, ptr %frame, i64 8
  %v5 = load i64, ptr %v4, align 8
  %v6 = getelementptr inbounds i64, ptr %frame, i64 5
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr inbounds i64, ptr %frame, i64 9
  %v9 = load i64, ptr %v8, align 8
  %v10 = mul i64 %v2, 0
  %v11 = getelementptr inbounds float, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds float, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds float, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds float, ptr %v7, i64 %v15
  %v17 = getelementptr inbounds i64, ptr %frame, i64 4
  %v18 = load ptr, ptr %v17, align 8
  %v19 = getelementptr inbounds i64, ptr %frame, i64 6
  %v20 = load ptr, ptr %v19, align 8
  %v21 = getelementptr inbounds i64, ptr %frame, i64 2
  %v22 = load ptr, ptr %v21, align 8
  %v23 = getelementptr inbounds i64, ptr %frame, i64 3
  %v24 = load ptr, ptr %v23, align 8
  %v25 = getelementptr inbounds i64, ptr %frame, i64 11
  %v26 = load i64, ptr %v25, align 8
  %v27 = getelementptr inbounds i64, ptr %frame, i64 13
  %v28 = load double, ptr %v27, align 8
  %v29 = getelementptr inbounds i64, ptr %frame, i64 12
  %v30 = load i64, ptr %v29, align 8
  %v31 = getelementptr inbounds i64, ptr %frame, i64 10
  %v32 = load i64, ptr %v31, align 8
  %v33 = getelementptr inbounds i64, ptr %frame, i64 1
  %v34 = load ptr, ptr %v33, align 8
  %v35 = getelementptr inbounds float, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds float, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds float, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds float, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds float, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  %v45 = getelementptr inbounds i64, ptr %control, i64 2
  %v46 = load double, ptr %v45, align 8
  %v47 = load double, ptr %control, align 8
  %v48 = fsub double %v46, %v47
  %v49 = getelementptr inbounds i64, ptr %control, i64 3
  %v50 = load double, ptr %v49, align 8
  %v51 = getelementptr inbounds i64, ptr %control, i64 1
  %v52 = load double, ptr %v51, align 8
  %v53 = fsub double %v50, %v52
  %v54 = fadd double %v48, %v53
  %v55 = bitcast double %v54 to i64
  %v56 = and i64 %v55, 9223372036854775807
  %v57 = bitcast i64 %v56 to double
  %v58 = fcmp olt double %v57, 0x7830000000000000
  %v59 = select i1 %v58, double %v57, double 0x3FF0000000000000
  %v60 = getelementptr inbounds i64, ptr %control, i64 12
  %v61 = load double, ptr %v60, align 8
  %v62 = getelementptr inbounds i64, ptr %control, i64 19
  %v63 = load double, ptr %v62, align 8
  %v64 = getelementptr inbounds i64, ptr %control, i64 20
  %v65 = load double, ptr %v64, align 8
  %v66 = getelementptr inbounds i64, ptr %control, i64 9
  %v67 = load double, ptr %v66, align 8
  %v68 = fcmp ogt double %v61, 0x0000000000000000
  %v69 = fcmp olt double %v61, 0x0DF0000000000000
  %v70 = and i1 %v68, %v69
  %v71 = select i1 %v70, double 0x71F0000000000000, double 0x3FF0000000000000
  %v72 = fmul double %v63, %v71
  %v73 = sub i64 %v26, 1
  %v74 = fmul double %v65, %v71
  %v75 = fcmp oeq double %v72, 0x0000000000000000
  %v76 = fcmp oeq double %v74, 0x0000000000000000
  %v77 = and i1 %v75, %v76
  %v78 = fmul double %v61, %v71
  %v79 = call  double @taylor.log2(double %v78)
  %v80 = call  double @taylor.log2(double %v72)
  %v81 = sub i64 %v26, 0
  %v82 = sitofp i64 %v81 to double
  %v83 = fdiv double 0x3FF0000000000000, %v82
  %v84 = fneg double %v80
  %v85 = call double @llvm.fma.f64(double %v79, double %v83, double %v28)
  %v86 = call double @llvm.fma.f64(double %v84, double %v83, double %v85)
  %v87 = call  double @taylor.log2(double %v74)
  %v88 = sub i64 %v73, 0
  %v89 = sitofp i64 %v88 to double
  %v90 = fdiv double 0x3FF0000000000000, %v89
  %v91 = fneg double %v87
  %v92 = call double @llvm.fma.f64(double %v79, double %v90, double %v28)
  %v93 = call double @llvm.fma.f64(double %v91, double %v90, double %v92)
  %v94 = fcmp olt double %v86, %v93
  %v95 = select i1 %v94, double %v86, double %v93
  %v96 = fcmp oeq double %v67, 0x0000000000000000
  br i1 %v96, label %then97, label %else98
then97:
  %v100 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v101 = fmul double %v100, %v71
  %v102 = call  double @taylor.log2(double %v101)
  %v103 = fadd double %v102, %v28
  %v104 = call  double @taylor.log2(double %v72)
  %v105 = sitofp i64 %v73 to double
  %v106 = fdiv double 0x3FF0000000000000, %v105
  %v107 = fneg double %v104
  %v108 = call double @llvm.fma.f64(double %v103, double %v106, double %v28)
  %v109 = call double @llvm.fma.f64(double %v107, double %v106, double %v108)
  %v110 = call  double @taylor.log2(double %v74)
  %v111 = sub i64 %v73, 1
  %v112 = sitofp i64 %v111 to double
  %v113 = fdiv double 0x3FF0000000000000, %v112
  %v114 = fneg double %v110
  %v115 = call double @llvm.fma.f64(double %v103, double %v113, double %v28)
  %v116 = call double @llvm.fma.f64(double %v114, double %v113, double %v115)
  %v117 = fcmp olt double %v109, %v116
  %v118 = select i1 %v117, double %v109, double %v116
  %v119 = fcmp ogt double %v118, %v95
  %v120 = select i1 %v119, double %v118, double %v95
  %v121 = load double, ptr %v60, align 8
  %v122 = fcmp oeq double %v121, 0x0000000000000000
  %v123 = fcmp oeq double %v101, 0x0000000000000000
  %v124 = and i1 %v122, %v123
  %v125 = select i1 %v124, double 0x0000000000000000, double %v120
  %v126 = icmp sgt i64 %v26, 2
  %v127 = select i1 %v126, double %v125, double %v95
  br label %endif99
else98:
  br label %endif99
endif99:
  %v128 = phi double [ %v127, %then97 ], [ %v95, %else98 ]
  %v129 = call  double @taylor.exp2(double %v128, double %v42)
  br i1 %v77, label %then130, label %else131
then130:
  %v133 = load double, ptr %v66, align 8
  %v134 = select i1 %v70, double 0x3FF4000000000000, double 0x4000000000000000
  %v135 = fcmp oeq double %v133, 0x0000000000000000
  %v136 = fmul double %v59, 0x3F50000000000000
  %v137 = fmul double %v133, %v134
  %v138 = select i1 %v135, double %v136, double %v137
  %v139 = call  double @taylor.log2(double %v61)
  br label %while140
while140:
  %v143 = phi i64 [ 2, %then130 ], [ %v170, %do141 ]
  %v144 = phi double [ %v138, %then130 ], [ %v169, %do141 ]
  %v145 = icmp slt i64 %v143, %v73
  br i1 %v145, label %do141, label %done142
do141:
  %v146 = getelementptr inbounds i64, ptr %control, i64 27
  %v147 = load i64, ptr %v146, align 8
  %v148 = mul i64 %v147, %v32
  %v149 = getelementptr inbounds double, ptr %v22, i64 %v148
  %v150 = add i64 %v26, 1
  %v151 = mul i64 %v2, %v150
  %v152 = getelementptr inbounds double, ptr %v149, i64 4
  %v153 = mul i64 %v143, %v2
  %v154 = getelementptr inbounds float, ptr %v152, i64 %v153
  %v155 = call  double @taylor.largest(ptr %v154, i64 %v2)
  %v156 = sitofp i64 %v143 to double
  %v157 = fdiv double 0x3FF0000000000000, %v156
  %v158 = fptrunc double %v157 to float
  %v159 = fpext float %v158 to double
  %v160 = call  double @taylor.log2(double %v155)
  %v161 = fsub double %v139, %v160
  %v162 = fmul double %v161, %v159
  %v163 = fadd double %v162, %v28
  %v164 = call  double @taylor.exp2(double %v163, double %v42)
  %v165 = fcmp ogt double %v164, %v138
  %v166 = select i1 %v165, double %v164, double %v138
  %v167 = fcmp ogt double %v155, 0x0000000000000000
  %v168 = and i1 %v167, %v68
  %v169 = select i1 %v168, double %v166, double %v144
  %v170 = add i64 %v143, 1
  br label %while140
done142:
  br label %endif132
else131:
  br label %endif132
endif132:
  %v171 = phi double [ %v144, %done142 ], [ %v129, %else131 ]
  %v172 = getelementptr inbounds i64, ptr %control, i64 11
  %v173 = load double, ptr %v172, align 8
  %v174 = fcmp olt double %v173, %v171
  %v175 = select i1 %v174, double %v173, double %v171
  %v176 = getelementptr inbounds i64, ptr %control, i64 10
  %v177 = load double, ptr %v176, align 8
  %v178 = fcmp olt double %v177, %v175
  %v179 = select i1 %v178, double %v177, double %v175
  %v180 = fcmp olt double %v179, 0x7830000000000000
  %v181 = select i1 %v180, double %v179, double %v59
  %v182 = fcmp olt double %v171, 0x7830000000000000
  %v183 = select i1 %v182, double %v171, double %v59
  %v184 = fmul double %v183, 0x3CD0000000000000
  %v185 = getelementptr inbounds i64, ptr %control, i64 25
  %v186 = load i64, ptr %v185, align 8
  %v187 = icmp ne i64 %v186, 0
  %v188 = fcmp olt double %v181, %v184
  %v189 = and i1 %v187, %v188
  br i1 %v189, label %leave190, label %stay191
leave190:
  ret i64 3
stay191:
  %v192 = load double, ptr %control, align 8
  %v193 = bitcast double %v192 to i64
  %v194 = and i64 %v193, 9223372036854775807
  %v195 = bitcast i64 %v194 to double
  %v196 = fmul double %v195, 0x3AB0000000000000
  %v197 = fcmp ogt double 0x7830000000000000, %v57
  %v198 = select i1 %v197, double %v57, double 0x3FF0000000000000
  %v199 = fmul double %v198, 0x39B0000000000000
  %v200 = fcmp ogt double %v199, %v196
  %v201 = select i1 %v200, double %v199, double %v196
  %v202 = fcmp ole double %v181, %v201
  br i1 %v202, label %leave203, label %stay204
leave203:
  ret i64 4
stay204:
  %v205 = fcmp oge double %v181, %v57
  %v206 = fcmp olt double %v57, %v181
  %v207 = select i1 %v206, double %v57, double %v181
  %v208 = call double @llvm.copysign.f64(double %v207, double %v54)
  %v209 = fdiv double 0x3FF0000000000000, %v42
  %v210 = fmul double %v208, %v209
  %v211 = fptrunc double %v210 to float
  %v212 = fpext float %v211 to double
  %v213 = fmul double %v212, %v42
  %v214 = select i1 %v205, double %v54, double %v213
  %v215 = fmul double %v214, %v209
  %v216 = fptrunc double %v215 to float
  store float %v216, ptr %v16, align 4
  %v217 = load double, ptr %control, align 8
  %v218 = load double, ptr %v51, align 8
  %v219 = getelementptr inbounds i64, ptr %control, i64 4
  store double %v217, ptr %v219, align 8
  %v220 = getelementptr inbounds i64, ptr %control, i64 5
  store double %v218, ptr %v220, align 8
  %v221 = getelementptr inbounds i64, ptr %control, i64 6
  store double %v214, ptr %v221, align 8
  %v222 = getelementptr inbounds i64, ptr %control, i64 7
  store double %v42, ptr %v222, align 8
  %v223 = fadd double %v217, %v214
  %v224 = fsub double %v223, %v217
  %v225 = fsub double %v223, %v224
  %v226 = fsub double %v217, %v225
  %v227 = fsub double %v214, %v224
  %v228 = fadd double %v226, %v227
  %v229 = fadd double %v228, %v218
  %v230 = fadd double %v223, %v229
  %v231 = fsub double %v230, %v223
  %v232 = fsub double %v229, %v231
  %v233 = load double, ptr %v45, align 8
  %v234 = fcmp ole double %v57, %v181
  %v235 = select i1 %v234, double %v233, double %v230
  store double %v235, ptr %control, align 8
  %v236 = load double, ptr %v49, align 8
  %v237 = select i1 %v234, double %v236, double %v232
  store double %v237, ptr %v51, align 8
  store double %v181, ptr %v66, align 8
  %v238 = bitcast double %v181 to i64
  %v239 = and i64 %v238, 9218868437227405312
  %v240 = bitcast i64 %v239 to double
  store double %v240, ptr %v41, align 8
  %v241 = getelementptr inbounds i64, ptr %control, i64 21
  store i64 1, ptr %v241, align 8
  ret i64 -11
step44:
  ret i64 -10
begin43:
  ret i64 -9
}
define internal double @taylor.log2(double %x0) nounwind noinline {
entry:
  %v1 = bitcast double %x0 to i64
  %v2 = lshr i64 %v1, 52
  %v3 = or i64 %v2, 4841369599423283200
  %v4 = bitcast i64 %v3 to double
  %v5 = fsub double %v4, 0x43300000000003FF
  %v6 = and i64 %v1, 4503599627370495
  %v7 = or i64 %v6, 4607182418800017408
  %v8 = bitcast i64 %v7 to double
  %v9 = fsub double %v8, 0x3FF0000000000000
  %v10 = fmul double %v9, %v9
  %v11 = call double @llvm.fma.f64(double %v9, double 0x3FC40475C5FFD40B, double 0xBFE278D65AEB0821)
  %v12 = call double @llvm.fma.f64(double %v9, double 0x3FF6BBDC74B5898F, double %v5)
  %v13 = call double @llvm.fma.f64(double %v10, double %v11, double %v12)
  ret double %v13
}
define internal double @taylor.exp2(double %x0, double %x1) nounwind noinline {
entry:
  %v1 = fcmp olt double %x0, 0x408F400000000000
  %v2 = select i1 %v1, double %x0, double 0x408F400000000000
  %v3 = fcmp ogt double %v2, 0xC08F400000000000
  %v4 = select i1 %v3, double %v2, double 0xC08F400000000000
  %v5 = call double @llvm.floor.f64(double %v4)
  %v6 = fsub double %v4, %v5
  %v7 = fmul double %v6, %v6
  %v8 = call double @llvm.fma.f64(double %v6, double 0x3FB4418CE8305588, double 0x3FCCCB0A6A672701)
  %v9 = call double @llvm.fma.f64(double %v6, double 0x3FE6450BC8602B8F, double 0x3FF0000000000000)
  %v10 = call double @llvm.fma.f64(double %v7, double %v8, double %v9)
  %v11 = fadd double %v5, 0x43300000000003FF
  %v12 = bitcast double %v11 to i64
  %v13 = shl i64 %v12, 52
  %v14 = bitcast i64 %v13 to double
  %v15 = fmul double %v14, %x1
  %v16 = fmul double %v10, %v15
  ret double %v16
}
declare double @llvm.fma.f64(double, double, double)
declare double @llvm.floor.f64(double)
declare double @llvm.copysign.f64(double, double)
