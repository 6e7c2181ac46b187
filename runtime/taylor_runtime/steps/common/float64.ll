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
  %v11 = getelementptr inbounds double, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds double, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds double, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds double, ptr %v7, i64 %v15
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
  %v35 = getelementptr inbounds double, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds double, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds double, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds double, ptr %v3, i64 %v39
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
  %v11 = getelementptr inbounds double, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds double, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds double, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds double, ptr %v7, i64 %v15
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
  %v35 = getelementptr inbounds double, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds double, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds double, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds double, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  br label %while45
while45:
  %v48 = phi i64 [ 0, %entry ], [ %v57, %do46 ]
  %v49 = phi double [ 0x0000000000000000, %entry ], [ %v56, %do46 ]
  %v50 = icmp slt i64 %v48, %v2
  br i1 %v50, label %do46, label %done47
do46:
  %v51 = getelementptr inbounds double, ptr %v11, i64 %v48
  %v52 = load double, ptr %v51, align 8
  %v53 = call double @llvm.fma.f64(double %v52, double 0x0000000000000000, double %v49)
  %v54 = getelementptr inbounds double, ptr %v35, i64 %v48
  %v55 = load double, ptr %v54, align 8
  %v56 = call double @llvm.fma.f64(double %v55, double 0x0000000000000000, double %v53)
  %v57 = add i64 %v48, 1
  br label %while45
done47:
  %v58 = fcmp une double %v49, 0x0000000000000000
  %v59 = xor i1 %v58, true
  %v60 = getelementptr inbounds i64, ptr %control, i64 21
  %v61 = load i64, ptr %v60, align 8
  %v62 = icmp ne i64 %v61, 0
  %v63 = or i1 %v59, %v62
  %v64 = xor i1 %v63, true
  br i1 %v64, label %again65, label %stay66
again65:
  %v67 = getelementptr inbounds i64, ptr %control, i64 26
  %v68 = load i64, ptr %v67, align 8
  %v69 = add i64 %v68, 1
  %v70 = icmp sgt i64 %v69, 40
  br i1 %v70, label %leave71, label %stay72
leave71:
  ret i64 3
stay72:
  store i64 %v69, ptr %v67, align 8
  %v73 = fmul double %v42, 0x3EB0000000000000
  store double %v73, ptr %v41, align 8
  br label %step44
stay66:
  br i1 %v62, label %check74, label %checked75
check74:
  %v76 = getelementptr inbounds i64, ptr %control, i64 6
  %v77 = load double, ptr %v76, align 8
  %v78 = bitcast double %v77 to i64
  %v79 = and i64 %v78, 9223372036854775807
  %v80 = bitcast i64 %v79 to double
  %v81 = getelementptr inbounds i64, ptr %frame, i64 14
  %v82 = load double, ptr %v81, align 8
  %v83 = getelementptr inbounds i64, ptr %control, i64 12
  %v84 = load double, ptr %v83, align 8
  %v85 = fdiv double %v80, %v42
  %v86 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v87 = bitcast double %v85 to i64
  %v88 = and i64 %v87, 9223372036854775807
  %v89 = bitcast i64 %v88 to double
  %v90 = fmul double %v86, %v89
  %v91 = fcmp ogt double %v84, %v90
  %v92 = select i1 %v91, double %v84, double %v90
  %v93 = getelementptr inbounds i64, ptr %control, i64 15
  %v94 = load double, ptr %v93, align 8
  %v95 = call double @llvm.fma.f64(double %v92, double %v94, double 0x07B0000000000000)
  %v96 = fcmp ole double %v82, %v95
  %v97 = and i1 %v59, %v96
  %v98 = xor i1 %v59, true
  %v99 = zext i1 %v98 to i64
  %v100 = getelementptr inbounds i64, ptr %control, i64 25
  store i64 %v99, ptr %v100, align 8
  %v101 = xor i1 %v97, true
  br i1 %v101, label %again102, label %stay103
again102:
  br label %while104
while104:
  %v107 = phi i64 [ 0, %again102 ], [ %v112, %do105 ]
  %v108 = icmp slt i64 %v107, %v2
  br i1 %v108, label %do105, label %done106
do105:
  %v109 = getelementptr inbounds double, ptr %v35, i64 %v107
  %v110 = getelementptr inbounds double, ptr %v37, i64 %v107
  %v111 = load double, ptr %v110, align 8
  store double %v111, ptr %v109, align 8
  %v112 = add i64 %v107, 1
  br label %while104
done106:
  br label %while113
while113:
  %v116 = phi i64 [ 0, %done106 ], [ %v121, %do114 ]
  %v117 = icmp slt i64 %v116, %v2
  br i1 %v117, label %do114, label %done115
do114:
  %v118 = getelementptr inbounds double, ptr %v36, i64 %v116
  %v119 = getelementptr inbounds double, ptr %v38, i64 %v116
  %v120 = load double, ptr %v119, align 8
  store double %v120, ptr %v118, align 8
  %v121 = add i64 %v116, 1
  br label %while113
done115:
  %v122 = getelementptr inbounds i64, ptr %control, i64 4
  %v123 = load double, ptr %v122, align 8
  store double %v123, ptr %control, align 8
  %v124 = getelementptr inbounds i64, ptr %control, i64 5
  %v125 = load double, ptr %v124, align 8
  %v126 = getelementptr inbounds i64, ptr %control, i64 1
  store double %v125, ptr %v126, align 8
  %v127 = load double, ptr %v76, align 8
  %v128 = bitcast double %v127 to i64
  %v129 = and i64 %v128, 9223372036854775807
  %v130 = bitcast i64 %v129 to double
  %v131 = fmul double %v130, 0x3FE0000000000000
  %v132 = getelementptr inbounds i64, ptr %control, i64 10
  store double %v131, ptr %v132, align 8
  %v133 = getelementptr inbounds i64, ptr %control, i64 9
  store double %v131, ptr %v133, align 8
  store i64 0, ptr %v60, align 8
  %v134 = getelementptr inbounds i64, ptr %control, i64 24
  %v135 = load i64, ptr %v134, align 8
  %v136 = add i64 %v135, 1
  store i64 %v136, ptr %v134, align 8
  %v137 = load i64, ptr %v134, align 8
  %v138 = getelementptr inbounds i64, ptr %control, i64 37
  %v139 = load i64, ptr %v138, align 8
  %v140 = sub i64 %v137, %v139
  %v141 = icmp sge i64 %v140, 2048
  %v142 = getelementptr inbounds i64, ptr %control, i64 22
  %v143 = load i64, ptr %v142, align 8
  %v144 = add i64 %v143, 1
  %v145 = getelementptr inbounds i64, ptr %control, i64 36
  %v146 = load i64, ptr %v145, align 8
  %v147 = select i1 %v141, i64 %v144, i64 %v146
  store i64 %v147, ptr %v145, align 8
  %v148 = getelementptr inbounds i64, ptr %control, i64 35
  %v149 = load i64, ptr %v148, align 8
  %v150 = select i1 %v141, i64 %v144, i64 %v149
  store i64 %v150, ptr %v148, align 8
  br label %step44
stay103:
  %v151 = getelementptr inbounds i64, ptr %control, i64 32
  %v152 = load i64, ptr %v151, align 8
  %v153 = icmp ne i64 %v152, 0
  br i1 %v153, label %then154, label %else155
then154:
  %v157 = load ptr, ptr %v151, align 8
  %v158 = getelementptr inbounds i64, ptr %control, i64 33
  %v159 = load ptr, ptr %v158, align 8
  %v160 = getelementptr inbounds i64, ptr %control, i64 27
  %v161 = load i64, ptr %v160, align 8
  %v162 = mul i64 %v161, %v32
  %v163 = getelementptr inbounds double, ptr %v22, i64 %v162
  %v164 = call i64 %v157(ptr %control, ptr %v159, ptr %v35, ptr %v36, ptr %v163, ptr %v34)
  br label %endif156
else155:
  br label %endif156
endif156:
  %v165 = phi i64 [ %v164, %then154 ], [ 0, %else155 ]
  %v166 = icmp eq i64 %v165, 16
  %v167 = icmp eq i64 %v165, 17
  %v168 = or i1 %v166, %v167
  br i1 %v168, label %leave169, label %stay170
leave169:
  ret i64 %v165
stay170:
  store i64 0, ptr %v60, align 8
  %v171 = getelementptr inbounds i64, ptr %control, i64 26
  store i64 0, ptr %v171, align 8
  %v172 = getelementptr inbounds i64, ptr %control, i64 10
  store double 0x7FF0000000000000, ptr %v172, align 8
  %v173 = load double, ptr %v76, align 8
  %v174 = bitcast double %v173 to i64
  %v175 = and i64 %v174, 9223372036854775807
  %v176 = bitcast i64 %v175 to double
  %v177 = fcmp ogt double %v176, 0x0000000000000000
  br i1 %v177, label %then178, label %endif180
then178:
  %v181 = getelementptr inbounds i64, ptr %control, i64 13
  %v182 = load double, ptr %v181, align 8
  %v183 = fcmp olt double %v176, %v182
  %v184 = load double, ptr %v181, align 8
  %v185 = select i1 %v183, double %v176, double %v184
  store double %v185, ptr %v181, align 8
  %v186 = getelementptr inbounds i64, ptr %control, i64 14
  %v187 = load double, ptr %v186, align 8
  %v188 = fcmp ogt double %v176, %v187
  %v189 = load double, ptr %v186, align 8
  %v190 = select i1 %v188, double %v176, double %v189
  store double %v190, ptr %v186, align 8
  %v191 = getelementptr inbounds i64, ptr %control, i64 29
  %v192 = load i64, ptr %v191, align 8
  %v193 = icmp ne i64 %v192, 0
  br i1 %v193, label %then194, label %endif196
then194:
  %v197 = getelementptr inbounds i64, ptr %control, i64 27
  %v198 = load i64, ptr %v197, align 8
  %v199 = mul i64 %v198, %v32
  %v200 = getelementptr inbounds double, ptr %v22, i64 %v199
  %v201 = load double, ptr %v76, align 8
  %v202 = getelementptr inbounds double, ptr %v200, i64 3
  store double %v201, ptr %v202, align 8
  %v203 = getelementptr inbounds i64, ptr %control, i64 30
  %v204 = load i64, ptr %v203, align 8
  %v205 = getelementptr inbounds i64, ptr %control, i64 31
  %v206 = load i64, ptr %v205, align 8
  %v207 = icmp slt i64 %v204, %v206
  br i1 %v207, label %then208, label %endif210
then208:
  %v211 = getelementptr inbounds i64, ptr %control, i64 34
  %v212 = load i64, ptr %v211, align 8
  %v213 = inttoptr i64 %v212 to ptr
  call void %v213(ptr %control, ptr %v200, ptr %v24, ptr %v35, i64 %v26, i64 %v2)
  br label %endif210
endif210:
  %v214 = icmp eq i64 %v192, 1
  %v215 = zext i1 %v214 to i64
  %v216 = load i64, ptr %v197, align 8
  %v217 = add i64 %v216, %v215
  store i64 %v217, ptr %v197, align 8
  br label %endif196
endif196:
  %v218 = getelementptr inbounds i64, ptr %control, i64 22
  %v219 = load i64, ptr %v218, align 8
  %v220 = add i64 %v219, 1
  store i64 %v220, ptr %v218, align 8
  br label %endif180
endif180:
  %v221 = icmp eq i64 %v165, 18
  %v222 = icmp eq i64 %v165, 19
  %v223 = icmp eq i64 %v165, 20
  %v224 = or i1 %v221, %v222
  %v225 = or i1 %v224, %v223
  br i1 %v225, label %leave226, label %stay227
leave226:
  ret i64 %v165
stay227:
  %v228 = getelementptr inbounds i64, ptr %control, i64 29
  %v229 = load i64, ptr %v228, align 8
  %v230 = icmp eq i64 %v229, 1
  %v231 = getelementptr inbounds i64, ptr %control, i64 27
  %v232 = load i64, ptr %v231, align 8
  %v233 = getelementptr inbounds i64, ptr %control, i64 28
  %v234 = load i64, ptr %v233, align 8
  %v235 = icmp eq i64 %v232, %v234
  %v236 = and i1 %v230, %v235
  br i1 %v236, label %leave237, label %stay238
leave237:
  ret i64 2
stay238:
  %v239 = getelementptr inbounds i64, ptr %control, i64 22
  %v240 = load i64, ptr %v239, align 8
  %v241 = getelementptr inbounds i64, ptr %control, i64 35
  %v242 = load i64, ptr %v241, align 8
  %v243 = icmp eq i64 %v240, %v242
  %v244 = getelementptr inbounds i64, ptr %control, i64 2
  %v245 = load double, ptr %v244, align 8
  %v246 = load double, ptr %control, align 8
  %v247 = fsub double %v245, %v246
  %v248 = getelementptr inbounds i64, ptr %control, i64 3
  %v249 = load double, ptr %v248, align 8
  %v250 = getelementptr inbounds i64, ptr %control, i64 1
  %v251 = load double, ptr %v250, align 8
  %v252 = fsub double %v249, %v251
  %v253 = fadd double %v247, %v252
  %v254 = fcmp oeq double %v253, 0x0000000000000000
  %v255 = xor i1 %v254, true
  %v256 = and i1 %v243, %v255
  br i1 %v256, label %look257, label %stay258
look257:
  %v259 = getelementptr inbounds i64, ptr %control, i64 36
  %v260 = load i64, ptr %v259, align 8
  %v261 = load i64, ptr %v239, align 8
  %v262 = icmp sle i64 %v260, %v261
  %v263 = getelementptr inbounds i64, ptr %control, i64 24
  %v264 = load i64, ptr %v263, align 8
  %v265 = getelementptr inbounds i64, ptr %control, i64 37
  %v266 = load i64, ptr %v265, align 8
  %v267 = sub i64 %v264, %v266
  %v268 = icmp sge i64 %v267, 2048
  %v269 = load double, ptr %control, align 8
  %v270 = getelementptr inbounds i64, ptr %control, i64 17
  %v271 = load double, ptr %v270, align 8
  %v272 = fsub double %v269, %v271
  %v273 = load double, ptr %v250, align 8
  %v274 = getelementptr inbounds i64, ptr %control, i64 18
  %v275 = load double, ptr %v274, align 8
  %v276 = fsub double %v273, %v275
  %v277 = fadd double %v272, %v276
  %v278 = bitcast double %v277 to i64
  %v279 = and i64 %v278, 9223372036854775807
  %v280 = bitcast i64 %v279 to double
  %v281 = getelementptr inbounds i64, ptr %control, i64 16
  %v282 = load double, ptr %v281, align 8
  %v283 = getelementptr inbounds i64, ptr %control, i64 14
  %v284 = load double, ptr %v283, align 8
  %v285 = fcmp ogt double %v282, %v284
  %v286 = select i1 %v285, double %v282, double %v284
  %v287 = load double, ptr %v244, align 8
  %v288 = load double, ptr %control, align 8
  %v289 = fsub double %v287, %v288
  %v290 = load double, ptr %v248, align 8
  %v291 = load double, ptr %v250, align 8
  %v292 = fsub double %v290, %v291
  %v293 = fadd double %v289, %v292
  %v294 = bitcast double %v293 to i64
  %v295 = and i64 %v294, 9223372036854775807
  %v296 = bitcast i64 %v295 to double
  %v297 = fcmp olt double %v296, %v286
  %v298 = select i1 %v297, double %v296, double %v286
  %v299 = select i1 %v268, double 0x3EB0000000000000, double 0x3E10000000000000
  %v300 = fmul double %v298, %v299
  %v301 = fcmp olt double %v280, %v300
  %v302 = and i1 %v262, %v301
  %v303 = xor i1 %v302, true
  %v304 = and i1 %v262, %v303
  %v305 = load i64, ptr %v239, align 8
  %v306 = load double, ptr %control, align 8
  %v307 = load double, ptr %v270, align 8
  %v308 = select i1 %v304, double %v306, double %v307
  store double %v308, ptr %v270, align 8
  %v309 = load double, ptr %v250, align 8
  %v310 = load double, ptr %v274, align 8
  %v311 = select i1 %v304, double %v309, double %v310
  store double %v311, ptr %v274, align 8
  %v312 = load i64, ptr %v263, align 8
  %v313 = load i64, ptr %v265, align 8
  %v314 = select i1 %v304, i64 %v312, i64 %v313
  store i64 %v314, ptr %v265, align 8
  %v315 = add i64 %v305, %v30
  %v316 = load i64, ptr %v259, align 8
  %v317 = select i1 %v304, i64 %v315, i64 %v316
  store i64 %v317, ptr %v259, align 8
  %v318 = getelementptr inbounds i64, ptr %control, i64 23
  %v319 = load i64, ptr %v318, align 8
  %v320 = load i64, ptr %v259, align 8
  %v321 = icmp sgt i64 %v319, %v305
  %v322 = icmp slt i64 %v319, %v320
  %v323 = and i1 %v321, %v322
  %v324 = select i1 %v323, i64 %v319, i64 %v320
  store i64 %v324, ptr %v241, align 8
  br i1 %v302, label %leave325, label %stay326
leave325:
  ret i64 4
stay326:
  %v327 = load i64, ptr %v239, align 8
  %v328 = load i64, ptr %v318, align 8
  %v329 = icmp eq i64 %v327, %v328
  br i1 %v329, label %leave330, label %stay331
leave330:
  ret i64 1
stay331:
  br label %stay258
stay258:
  %v333 = icmp eq i64 %v165, 21
  br i1 %v333, label %begin43, label %stay332
stay332:
  br label %checked75
checked75:
  %v334 = getelementptr inbounds i64, ptr %control, i64 2
  %v335 = load double, ptr %v334, align 8
  %v336 = load double, ptr %control, align 8
  %v337 = fsub double %v335, %v336
  %v338 = getelementptr inbounds i64, ptr %control, i64 3
  %v339 = load double, ptr %v338, align 8
  %v340 = getelementptr inbounds i64, ptr %control, i64 1
  %v341 = load double, ptr %v340, align 8
  %v342 = fsub double %v339, %v341
  %v343 = fadd double %v337, %v342
  %v344 = fcmp oeq double %v343, 0x0000000000000000
  br i1 %v344, label %leave345, label %stay346
leave345:
  ret i64 0
stay346:
  %v347 = getelementptr inbounds i64, ptr %control, i64 9
  %v348 = load double, ptr %v347, align 8
  %v349 = fcmp oeq double %v348, 0x0000000000000000
  %v350 = getelementptr inbounds i64, ptr %control, i64 26
  %v351 = load i64, ptr %v350, align 8
  %v352 = icmp eq i64 %v351, 0
  %v353 = and i1 %v349, %v352
  br i1 %v353, label %again354, label %stay355
again354:
  %v356 = call  double @taylor.largest(ptr %v35, i64 %v2)
  %v357 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v358 = fmul double %v356, %v42
  %v359 = fdiv double %v358, %v357
  %v360 = fcmp ogt double %v356, 0x0000000000000000
  %v361 = fcmp ogt double %v357, 0x0000000000000000
  %v362 = and i1 %v360, %v361
  %v363 = fcmp olt double %v359, 0x7FF0000000000000
  %v364 = and i1 %v362, %v363
  %v365 = bitcast double %v343 to i64
  %v366 = and i64 %v365, 9223372036854775807
  %v367 = bitcast i64 %v366 to double
  %v368 = fcmp olt double %v367, 0x7830000000000000
  %v369 = select i1 %v368, double %v367, double 0x3FF0000000000000
  %v370 = fmul double %v369, 0x3F50000000000000
  %v371 = select i1 %v364, double %v359, double %v370
  %v372 = bitcast double %v371 to i64
  %v373 = and i64 %v372, 9218868437227405312
  %v374 = bitcast i64 %v373 to double
  store double %v374, ptr %v41, align 8
  store i64 1, ptr %v350, align 8
  br label %step44
stay355:
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
  %v4 = phi i64 [ 0, %entry ], [ %v14, %do2 ]
  %v5 = phi double [ 0x0000000000000000, %entry ], [ %v13, %do2 ]
  %v6 = icmp slt i64 %v4, %x1
  br i1 %v6, label %do2, label %done3
do2:
  %v7 = getelementptr inbounds double, ptr %x0, i64 %v4
  %v8 = load double, ptr %v7, align 8
  %v9 = bitcast double %v8 to i64
  %v10 = and i64 %v9, 9223372036854775807
  %v11 = bitcast i64 %v10 to double
  %v12 = fcmp ogt double %v11, %v5
  %v13 = select i1 %v12, double %v11, double %v5
  %v14 = add i64 %v4, 1
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
  %v11 = getelementptr inbounds double, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds double, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds double, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds double, ptr %v7, i64 %v15
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
  %v35 = getelementptr inbounds double, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds double, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds double, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds double, ptr %v3, i64 %v39
  %v41 = getelementptr inbounds i64, ptr %control, i64 8
  %v42 = load double, ptr %v41, align 8
  br label %while45
while45:
  %v48 = phi i64 [ 0, %entry ], [ %v57, %do46 ]
  %v49 = phi double [ 0x0000000000000000, %entry ], [ %v56, %do46 ]
  %v50 = icmp slt i64 %v48, %v2
  br i1 %v50, label %do46, label %done47
do46:
  %v51 = getelementptr inbounds double, ptr %v12, i64 %v48
  %v52 = load double, ptr %v51, align 8
  %v53 = call double @llvm.fma.f64(double %v52, double 0x0000000000000000, double %v49)
  %v54 = getelementptr inbounds double, ptr %v14, i64 %v48
  %v55 = load double, ptr %v54, align 8
  %v56 = call double @llvm.fma.f64(double %v55, double 0x0000000000000000, double %v53)
  %v57 = add i64 %v48, 1
  br label %while45
done47:
  %v58 = fcmp une double %v49, 0x0000000000000000
  %v59 = xor i1 %v58, true
  %v60 = xor i1 %v59, true
  br i1 %v60, label %again61, label %stay62
again61:
  %v63 = getelementptr inbounds i64, ptr %control, i64 26
  %v64 = load i64, ptr %v63, align 8
  %v65 = add i64 %v64, 1
  %v66 = icmp sgt i64 %v65, 40
  br i1 %v66, label %leave67, label %stay68
leave67:
  ret i64 3
stay68:
  store i64 %v65, ptr %v63, align 8
  %v69 = fmul double %v42, 0x3EB0000000000000
  store double %v69, ptr %v41, align 8
  br label %step44
stay62:
  %v70 = getelementptr inbounds i64, ptr %control, i64 2
  %v71 = load double, ptr %v70, align 8
  %v72 = load double, ptr %control, align 8
  %v73 = fsub double %v71, %v72
  %v74 = getelementptr inbounds i64, ptr %control, i64 3
  %v75 = load double, ptr %v74, align 8
  %v76 = getelementptr inbounds i64, ptr %control, i64 1
  %v77 = load double, ptr %v76, align 8
  %v78 = fsub double %v75, %v77
  %v79 = fadd double %v73, %v78
  %v80 = bitcast double %v79 to i64
  %v81 = and i64 %v80, 9223372036854775807
  %v82 = bitcast i64 %v81 to double
  %v83 = fcmp olt double %v82, 0x7830000000000000
  %v84 = select i1 %v83, double %v82, double 0x3FF0000000000000
  %v85 = getelementptr inbounds i64, ptr %control, i64 9
  %v86 = load double, ptr %v85, align 8
  %v87 = fdiv double %v86, %v42
  %v88 = call  double @taylor.largest(ptr %v35, i64 %v2)
  %v89 = call  double @taylor.largest(ptr %v11, i64 %v2)
  %v90 = bitcast double %v87 to i64
  %v91 = and i64 %v90, 9223372036854775807
  %v92 = bitcast i64 %v91 to double
  %v93 = fmul double %v89, %v92
  %v94 = fcmp ogt double %v88, %v93
  %v95 = select i1 %v94, double %v88, double %v93
  %v96 = getelementptr inbounds i64, ptr %control, i64 12
  store double %v95, ptr %v96, align 8
  %v97 = call  double @taylor.largest(ptr %v12, i64 %v2)
  %v98 = call  double @taylor.largest(ptr %v14, i64 %v2)
  %v99 = getelementptr inbounds i64, ptr %control, i64 19
  store double %v97, ptr %v99, align 8
  %v100 = getelementptr inbounds i64, ptr %control, i64 20
  store double %v98, ptr %v100, align 8
  %v101 = fcmp ogt double %v95, 0x0000000000000000
  %v102 = fcmp olt double %v95, 0x0DF0000000000000
  %v103 = and i1 %v101, %v102
  %v104 = select i1 %v103, double 0x71F0000000000000, double 0x3FF0000000000000
  %v105 = fmul double %v97, %v104
  %v106 = fcmp oeq double %v105, 0x0000000000000000
  %v107 = fmul double %v98, %v104
  %v108 = fcmp oeq double %v107, 0x0000000000000000
  %v109 = and i1 %v106, %v108
  %v110 = getelementptr inbounds i64, ptr %control, i64 29
  %v111 = load i64, ptr %v110, align 8
  %v112 = icmp ne i64 %v111, 0
  %v113 = or i1 %v112, %v109
  %v114 = select i1 %v113, i64 -12, i64 -11
  ret i64 %v114
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
  %v11 = getelementptr inbounds double, ptr %v7, i64 %v10
  %v12 = getelementptr inbounds double, ptr %v7, i64 %v2
  %v13 = mul i64 %v2, 2
  %v14 = getelementptr inbounds double, ptr %v7, i64 %v13
  %v15 = mul i64 %v2, 3
  %v16 = getelementptr inbounds double, ptr %v7, i64 %v15
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
  %v35 = getelementptr inbounds double, ptr %v3, i64 %v10
  %v36 = getelementptr inbounds double, ptr %v3, i64 %v2
  %v37 = getelementptr inbounds double, ptr %v3, i64 %v13
  %v38 = getelementptr inbounds double, ptr %v3, i64 %v15
  %v39 = mul i64 %v2, 4
  %v40 = getelementptr inbounds double, ptr %v3, i64 %v39
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
  %v143 = phi i64 [ 2, %then130 ], [ %v168, %do141 ]
  %v144 = phi double [ %v138, %then130 ], [ %v167, %do141 ]
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
  %v154 = getelementptr inbounds double, ptr %v152, i64 %v153
  %v155 = call  double @taylor.largest(ptr %v154, i64 %v2)
  %v156 = sitofp i64 %v143 to double
  %v157 = fdiv double 0x3FF0000000000000, %v156
  %v158 = call  double @taylor.log2(double %v155)
  %v159 = fsub double %v139, %v158
  %v160 = fmul double %v159, %v157
  %v161 = fadd double %v160, %v28
  %v162 = call  double @taylor.exp2(double %v161, double %v42)
  %v163 = fcmp ogt double %v162, %v138
  %v164 = select i1 %v163, double %v162, double %v138
  %v165 = fcmp ogt double %v155, 0x0000000000000000
  %v166 = and i1 %v165, %v68
  %v167 = select i1 %v166, double %v164, double %v144
  %v168 = add i64 %v143, 1
  br label %while140
done142:
  br label %endif132
else131:
  br label %endif132
endif132:
  %v169 = phi double [ %v144, %done142 ], [ %v129, %else131 ]
  %v170 = getelementptr inbounds i64, ptr %control, i64 11
  %v171 = load double, ptr %v170, align 8
  %v172 = fcmp olt double %v171, %v169
  %v173 = select i1 %v172, double %v171, double %v169
  %v174 = getelementptr inbounds i64, ptr %control, i64 10
  %v175 = load double, ptr %v174, align 8
  %v176 = fcmp olt double %v175, %v173
  %v177 = select i1 %v176, double %v175, double %v173
  %v178 = fcmp olt double %v177, 0x7830000000000000
  %v179 = select i1 %v178, double %v177, double %v59
  %v180 = fcmp olt double %v169, 0x7830000000000000
  %v181 = select i1 %v180, double %v169, double %v59
  %v182 = fmul double %v181, 0x3CD0000000000000
  %v183 = getelementptr inbounds i64, ptr %control, i64 25
  %v184 = load i64, ptr %v183, align 8
  %v185 = icmp ne i64 %v184, 0
  %v186 = fcmp olt double %v179, %v182
  %v187 = and i1 %v185, %v186
  br i1 %v187, label %leave188, label %stay189
leave188:
  ret i64 3
stay189:
  %v190 = load double, ptr %control, align 8
  %v191 = bitcast double %v190 to i64
  %v192 = and i64 %v191, 9223372036854775807
  %v193 = bitcast i64 %v192 to double
  %v194 = fmul double %v193, 0x3AB0000000000000
  %v195 = fcmp ogt double 0x7830000000000000, %v57
  %v196 = select i1 %v195, double %v57, double 0x3FF0000000000000
  %v197 = fmul double %v196, 0x20B0000000000000
  %v198 = fcmp ogt double %v197, %v194
  %v199 = select i1 %v198, double %v197, double %v194
  %v200 = fcmp ole double %v179, %v199
  br i1 %v200, label %leave201, label %stay202
leave201:
  ret i64 4
stay202:
  %v203 = fcmp oge double %v179, %v57
  %v204 = fcmp olt double %v57, %v179
  %v205 = select i1 %v204, double %v57, double %v179
  %v206 = call double @llvm.copysign.f64(double %v205, double %v54)
  %v207 = fdiv double 0x3FF0000000000000, %v42
  %v208 = fmul double %v206, %v207
  store double %v208, ptr %v16, align 8
  %v209 = load double, ptr %control, align 8
  %v210 = load double, ptr %v51, align 8
  %v211 = getelementptr inbounds i64, ptr %control, i64 4
  store double %v209, ptr %v211, align 8
  %v212 = getelementptr inbounds i64, ptr %control, i64 5
  store double %v210, ptr %v212, align 8
  %v213 = getelementptr inbounds i64, ptr %control, i64 6
  store double %v206, ptr %v213, align 8
  %v214 = getelementptr inbounds i64, ptr %control, i64 7
  store double %v42, ptr %v214, align 8
  %v215 = fadd double %v209, %v206
  %v216 = fsub double %v215, %v209
  %v217 = fsub double %v215, %v216
  %v218 = fsub double %v209, %v217
  %v219 = fsub double %v206, %v216
  %v220 = fadd double %v218, %v219
  %v221 = fadd double %v220, %v210
  %v222 = fadd double %v215, %v221
  %v223 = fsub double %v222, %v215
  %v224 = fsub double %v221, %v223
  %v225 = load double, ptr %v45, align 8
  %v226 = select i1 %v203, double %v225, double %v222
  store double %v226, ptr %control, align 8
  %v227 = load double, ptr %v49, align 8
  %v228 = fcmp ole double %v57, %v179
  %v229 = select i1 %v228, double %v227, double %v224
  store double %v229, ptr %v51, align 8
  store double %v179, ptr %v66, align 8
  %v230 = bitcast double %v179 to i64
  %v231 = and i64 %v230, 9218868437227405312
  %v232 = bitcast i64 %v231 to double
  store double %v232, ptr %v41, align 8
  %v233 = getelementptr inbounds i64, ptr %control, i64 21
  store i64 1, ptr %v233, align 8
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
